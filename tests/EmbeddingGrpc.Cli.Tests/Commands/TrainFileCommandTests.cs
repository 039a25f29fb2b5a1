using System.Globalization;
using System.Text;
using System.Text.Json;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Training.Word2vec;

namespace EmbeddingGrpc.Cli.Tests.Commands;

public sealed class TrainFileCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("sg-ns")]
    [InlineData("cbow-ns")]
    [InlineData("sg-softmax")]
    public async Task TrainFile_EveryObjectiveWithItemOutputs_WritesBothTables(string objective)
    {
        var run = await TrainAsync("--objective", objective, "--output-contexts", PathOf("w2.vec"), "--json");

        Assert.Equal((ExitCode.Success, 1), (run.ExitCode, run.Output.Trim().Split('\n').Length));
        var document = LastLine(run);
        Assert.Equal(100 * 6 * 2, document.GetProperty("words").GetInt64());
        Assert.Equal(
            document.GetProperty("words").GetInt64() / document.GetProperty("seconds").GetDouble(),
            document.GetProperty("words_per_second").GetDouble(),
            document.GetProperty("words_per_second").GetDouble());
        Assert.Equal(12, Ids(PathOf("w1.vec"), Word2vecFormat.Text).Length);
        Assert.Equal(Ids(PathOf("w1.vec"), Word2vecFormat.Text), Ids(PathOf("w2.vec"), Word2vecFormat.Text));
    }

    [Theory]
    [InlineData("sg-hs")]
    [InlineData("cbow-hs")]
    public async Task TrainFile_HierarchicalSoftmax_WritesItemsAndRefusesContexts(string objective)
    {
        var run = await TrainAsync("--objective", objective, "--json");
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Equal(12, Ids(PathOf("w1.vec"), Word2vecFormat.Text).Length);

        run = await TrainAsync("--objective", objective, "--output-contexts", PathOf("w2.vec"));
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("--output-contexts needs negative sampling", run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(PathOf("w2.vec")));
    }

    [Theory]
    [InlineData("sum")]
    [InlineData("output")]
    public async Task TrainFile_VectorSource_WritesItAndNeedsItemOutputs(string source)
    {
        await TrainAsync("--seed", "5", "--output-contexts", PathOf("w2.vec"));
        byte[] input = File.ReadAllBytes(PathOf("w1.vec")), contexts = File.ReadAllBytes(PathOf("w2.vec"));

        Assert.Equal(ExitCode.Success, (await TrainAsync("--seed", "5", "--vector-source", source)).ExitCode);
        byte[] written = File.ReadAllBytes(PathOf("w1.vec"));
        Assert.NotEqual(input, written);
        Assert.Equal(source == "output", contexts.AsSpan().SequenceEqual(written));

        var run = await TrainAsync("--vector-source", source, "--objective", "sg-hs");
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains($"--vector-source {source} needs negative sampling", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--noise", "log-uniform")]
    [InlineData("--window-mode", "fixed")]
    [InlineData("--window-mode", "session")]
    [InlineData("--schedule", "linear")]
    [InlineData("--sample", "0.01")]
    [InlineData("--smoothing", "0")]
    [InlineData("--weight-decay", "0")]
    [InlineData("--shared-rows", "5", "--max-vocabulary", "6")]
    public async Task TrainFile_EveryOption_ChangesTheVectors(params string[] options)
    {
        await TrainAsync("--seed", "5");
        byte[] plain = File.ReadAllBytes(PathOf("w1.vec"));
        var run = await TrainAsync(["--seed", "5", .. options]);
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.NotEqual(plain, File.ReadAllBytes(PathOf("w1.vec")));
    }

    [Fact]
    public async Task TrainFile_Binary_ReadsBack()
    {
        var run = await TrainAsync("--binary", "--dimension", "7");
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Equal(12, Ids(PathOf("w1.vec"), Word2vecFormat.Binary).Length);
        Assert.Equal(7, LastLine(run).GetProperty("dimension").GetInt32());
    }

    [Fact]
    public async Task TrainFile_OneThreadAndSeed_WritesTheSameFile()
    {
        await TrainAsync("--seed", "5");
        byte[] first = File.ReadAllBytes(PathOf("w1.vec"));
        await TrainAsync("--seed", "5");
        Assert.Equal(first, File.ReadAllBytes(PathOf("w1.vec")));
    }

    [Fact]
    public async Task TrainFile_Word2vecPreset_LeavesRareItemsOutUnlessToldOtherwise()
    {
        WriteSequences("a a a a a b b b b b c\n");
        Assert.Equal(2, LastLine(await RunAsync("--preset", "word2vec")).GetProperty("items").GetInt32());
        Assert.Equal(3, LastLine(await RunAsync("--preset", "word2vec", "--min-count", "1")).GetProperty("items").GetInt32());
    }

    [Fact]
    public async Task TrainFile_TimeLimit_SaysWhatItGaveUp()
    {
        var run = await TrainAsync("--epochs", "10000", "--max-seconds", "0.5");
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Contains("for the time limit:", run.Output, StringComparison.Ordinal);
        Assert.Equal(10_000, LastLine(run).GetProperty("requested_epochs").GetInt32());
    }

    [Theory]
    [InlineData("--dimension", "1", "--dimension is 1; it must be 2..1024")]
    [InlineData("--window", "0", "--window is 0")]
    [InlineData("--negative", "x", "--negative is 'x'; it must be a whole number")]
    [InlineData("--noise-exponent", "9", "--noise-exponent is 9; it must be -4..4")]
    [InlineData("--alpha", "nan", "--alpha is nan")]
    [InlineData("--objective", "sg", "'sg' is not one of")]
    [InlineData("--window-mode", "wide", "'wide' is not one of")]
    [InlineData("--threads", "-1", "--threads is -1")]
    public async Task TrainFile_OptionOutOfRange_NamesItAndItsBounds(string option, string value, string expected)
    {
        var run = await TrainAsync(option, value);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(PathOf("w1.vec")));
    }

    [Fact]
    public async Task TrainFile_OptionsThatContradict_SaysSo()
    {
        var run = await TrainAsync("--objective", "sg-hs", "--max-vocabulary", "5");
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("needs an objective with negative sampling", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "nothing to learn from")]
    [InlineData("a\nb\n", "none of the corpus's 2 sessions has two items")]
    public async Task TrainFile_NothingToLearn_SaysSo(string text, string expected)
    {
        WriteSequences(text);
        var run = await RunAsync();
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TrainFile_TypedBehaviour_LeavesOutWhatDoesNotTrainAndWarnsOfBadLines()
    {
        var run = await TrainBehaviourAsync();

        Assert.Equal(ExitCode.Success, run.ExitCode);
        // 40 users, two interactions of each, 20 epochs; a line that is none, an impression and a dislike are not among them.
        Assert.Equal((80 * 20, 40, 3), (LastLine(run).GetProperty("words").GetInt32(), LastLine(run).GetProperty("sequences").GetInt32(), LastLine(run).GetProperty("items").GetInt32()));
        Assert.Contains("line 2:", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TrainFile_TypeWeight_CountsAsMuchAsRepetition()
    {
        // Every x was viewed with a and bought with b, as often.
        await TrainBehaviourAsync("--type-weight", "purchase=9", "--type-weight", "view=0.5");
        double bought = Likeness("x", "b") - Likeness("x", "a");
        await TrainBehaviourAsync("--type-weight", "Purchase=0.5", "--type-weight", "VIEW=9");
        double viewed = Likeness("x", "b") - Likeness("x", "a");

        Assert.InRange(bought - viewed, 1, 100);
    }

    [Theory]
    [InlineData("purchase", "'purchase' is not TYPE=WEIGHT")]
    [InlineData("loan=3", "'loan=3' is not TYPE=WEIGHT")]
    [InlineData("purchase=0", "the weight must be 0.01..100")]
    [InlineData("purchase=NaN", "the weight must be 0.01..100")]
    [InlineData("dislike=2", "interactions of this type do not train")]
    [InlineData("click=2", "--type-weight 'click=1': the type is given twice", "click=1")]
    public async Task TrainFile_TypeWeightThatCannotBe_SaysWhy(string weight, string expected, string? more = null)
    {
        var run = await TrainBehaviourAsync(["--type-weight", weight, .. more is null ? Array.Empty<string>() : ["--type-weight", more]]);

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TrainFile_SequencesAndBehaviour_AreNotBothOrNeither()
    {
        WriteSequences("a b\n");
        var weighted = await RunAsync("--type-weight", "click=2");
        var neither = await CliRun.OfAsync("train-file", "--output", PathOf("w1.vec"));
        var both = await TrainBehaviourAsync("--input", PathOf("s.txt"));

        Assert.All([weighted, neither, both], run => Assert.Equal(ExitCode.Usage, run.ExitCode));
        Assert.Contains("--type-weight needs a FILE", weighted.Error, StringComparison.Ordinal);
        Assert.Contains("Give either --input SEQUENCES, or FILE", neither.Error, StringComparison.Ordinal);
        Assert.Contains("Give either --input SEQUENCES, or FILE", both.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TrainFile_NoSuchInputOrOutputDirectory_SaysSoBeforeTraining()
    {
        var run = await CliRun.OfAsync("train-file", "--input", PathOf("none"), "--output", PathOf("w1.vec"));
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("file not found", run.Error, StringComparison.Ordinal);

        WriteSequences("a b\n");
        run = await CliRun.OfAsync("train-file", "--input", PathOf("s.txt"), "--output", PathOf("none/w1.vec"));
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("there is no directory", run.Error, StringComparison.Ordinal);
    }

    /// <summary>Users who each did one thing with x and another item: viewed a, or bought b.</summary>
    private Task<CliRun> TrainBehaviourAsync(params string[] more)
    {
        var text = new StringBuilder("who,what,when,how\nnobody,a,never,view\nu0,shown,1,impression\nu0,hated,1,dislike\n");
        for (var user = 0; user < 40; user++)
        {
            var (item, type) = user % 2 == 0 ? ("a", "view") : ("b", "purchase");
            text.Append(CultureInfo.InvariantCulture, $"u{user},x,1000,{type}\nu{user},{item},2000,{type}\n");
        }

        File.WriteAllText(PathOf("events.csv"), text.ToString());
        return CliRun.OfAsync(
        [
            "train-file", "--format", "csv", "--columns", "user=who,item=what,time=when,type=how", PathOf("events.csv"), "--output", PathOf("w1.vec"), "--output-contexts", PathOf("w2.vec"),
            "--threads", "1", "--dimension", "16", "--epochs", "20", "--negative", "2", "--smoothing", "0", .. more,
        ]);
    }

    /// <summary>The product of one item's W1 and another's W2.</summary>
    private double Likeness(string from, string to) => VectorsOf("w1.vec")[from].Zip(VectorsOf("w2.vec")[to], (a, b) => (double)a * b).Sum();

    private Dictionary<string, float[]> VectorsOf(string file)
    {
        var vectors = new Dictionary<string, float[]>(StringComparer.Ordinal);
        var reader = new Word2vecReader(Word2vecFormat.Text, (id, vector) => vectors[Encoding.UTF8.GetString(id)] = vector.ToArray());
        reader.Append(File.ReadAllBytes(PathOf(file)));
        reader.Complete();
        return vectors;
    }

    private Task<CliRun> TrainAsync(params string[] more)
    {
        var text = new StringBuilder();
        for (var line = 0; line < 100; line++)
        {
            for (var place = 0; place < 6; place++) text.Append(CultureInfo.InvariantCulture, $"{line % 2}-{(line + place) % 6} ");
            text.Append('\n');
        }

        WriteSequences(text.ToString());
        return RunAsync([.. Unless(more, "--dimension", "16"), .. Unless(more, "--epochs", "2"), .. more]);
    }

    private Task<CliRun> RunAsync(params string[] more) => CliRun.OfAsync(
        ["train-file", "--input", PathOf("s.txt"), "--output", PathOf("w1.vec"), .. Unless(more, "--threads", "1"), .. more]);

    private static string[] Unless(string[] given, string option, string value) => given.Contains(option) ? [] : [option, value];

    private string PathOf(string name) => Path.Combine(_directory.Path, name);

    private void WriteSequences(string text) => File.WriteAllText(PathOf("s.txt"), text);

    private static JsonElement LastLine(CliRun run) => JsonDocument.Parse(run.Output.Trim().Split('\n')[^1]).RootElement;

    private static string[] Ids(string path, Word2vecFormat format)
    {
        var ids = new List<string>();
        var reader = new Word2vecReader(format, (id, _) => ids.Add(Encoding.UTF8.GetString(id)));
        reader.Append(File.ReadAllBytes(path));
        reader.Complete();
        return [.. ids];
    }
}
