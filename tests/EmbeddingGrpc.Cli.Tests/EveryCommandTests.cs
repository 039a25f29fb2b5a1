using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Terminal;

namespace EmbeddingGrpc.Cli.Tests;

/// <summary>Every command as somebody gives it who does not know it, or whose daemon is down: the exit code, and a reason that names the fix.</summary>
public sealed class EveryCommandTests
{
    private const string NoDaemon = "http://127.0.0.1:9";

    /// <summary>What a command does without arguments: what it complains of, or null where that is a line it can do.</summary>
    public static TheoryData<string, string?> WithoutArguments => new()
    {
        { "demo", null },
        { "ingest", "FILE" },
        { "train", null },
        { "train-file", "--input" },
        { "search-file", "--base" },
        { "recall", "--item, --user, --session, --vector" },
        { "recall-file", "--sessions" },
        { "similar-users", "--user" },
        { "status", null },
        { "check", null },
        { "models list", null },
        { "models get", "NAME" },
        { "models create", "NAME" },
        { "models update", "NAME" },
        { "models delete", "NAME" },
        { "models options", null },
        { "generations", null },
        { "items upsert", "FILE" },
        { "items get", "ID" },
        { "items list", null },
        { "items delete", "name the items" },
        { "items attributes", null },
        { "erase-user", "USER" },
        { "promote", "GENERATION" },
        { "rollback", null },
        { "evaluate", null },
        { "export", "FILE" },
        { "import", "VECTORS" },
        { "simulate", null },
        { "bench ingest", null },
        { "bench recall", null },
        { "bench freshness", null },
        { "bench prequential", "FILE" },
        { "log verify", "DIR" },
        { "log stat", "DIR" },
        { "log dump", "DIR" },
        { "log salvage", "DIR" },
        { "completion", "SHELL" },
    };

    /// <summary>A right line of every command that talks to a daemon; FILE stands for a file that exists.</summary>
    public static TheoryData<string> OfDaemons =>
    [
        "ingest --format sequences FILE", "train", "recall --item a", "similar-users --user ada", "status", "check", "models list", "models get default", "models create films",
        "models update films --set Training.Epochs=3", "models delete films --yes", "models options", "generations", "items upsert --format csv FILE", "items get a",
        "items list", "items delete a", "items attributes", "erase-user ada --yes", "recall-file --sessions FILE --output FILE.out", "promote 1", "rollback", "evaluate", "bench freshness", "export FILE.out", "import FILE", "simulate", "bench ingest", "bench recall",
    ];

    /// <summary>Values that an option cannot have, with what is said.</summary>
    public static TheoryData<string, string> WrongValues => new()
    {
        { "train --address here", "--address 'here' is not an http://" },
        { "demo --seed minus", "--seed is 'minus'; it must be a whole number" },
        { "demo file.csv", "FILE needs --format" },
        { "ingest --format csv --min-rating low f", "--min-rating is 'low'; it must be a number" },
        { "train-file --input a --output b --dimension 1", "--dimension is 1; it must be 2..1024" },
        { "train-file --input a --output b --objective none", "--objective 'none' is not one of sg-ns" },
        { "search-file --base a --queries b --dimension x", "--dimension is 'x'; it must be a whole number" },
        { "search-file --base a --queries b --dimension 4 --metric near", "--metric 'near' is not one of cosine, dot, euclid" },
        { "recall --item a --k many", "--k is 'many'; it must be a whole number, 1..1000" },
        { "recall --item a --k 1001", "--k is 1001; it must be 1..1000" },
        { "recall --item a --k 99999999999", "--k is 99999999999; it must be 1..1000" },
        { "recall --item a --user b", "Give exactly one of --item" },
        { "recall --item", "--item" },
        { "recall --user a --sources friends", "--sources: 'friends' is not a source; there are embedding, graph, popular, catalog, similar-users" },
        { "similar-users --user a --k 1001", "--k is 1001; it must be 1..1000" },
        { "status --interval 0", "--interval is 0; it must be 1..3600" },
        { "status --http there", "--http 'there' is not an http:// or https:// address" },
        { "models create films --set x", "--set 'x' is not NAME=VALUE" },
        { "models update films", "--set OPTION=VALUE" },
        { "models lst", "There is no command 'lst' in 'embedctl models'. Did you mean list?" },
        { "generations films", "'films'" },
        { "export --table third f", "--table 'third' is not one of input, output, similarity" },
        { "import --format xml f", "--format 'xml' is not one of text, binary" },
        { "items upsert --format xml f", "--format 'xml' is not one of csv, jsonl" },
        { "simulate --taste-change 2", "--taste-change is 2; it must be 0..1" },
        { "simulate --taste-change NaN", "--taste-change is NaN; it must be 0..1" },
        { "bench ingest --batch x", "--batch is 'x'; it must be a whole number, 1..10000" },
        { "bench ingest --zipf -1", "--zipf is -1; it must be 0..10" },
        { "bench freshness --http there", "--http 'there' is not an http:// or https:// address" },
        { "bench prequential --format csv --warm-up 1 FILE", "--warm-up is 1; it must be 0.01..0.99" },
        { "bench recall --query film", "--query 'film' is not one of item, user, session, vector" },
        { "bench recall --query 1", "--query '1' is not one of item" },
        { "bench recall --query user", "needs --ids FILE" },
        { "evaluate --test-fraction x", "--test-fraction is 'x'; it must be a number, 0.001..0.9" },
        { "evaluate --test-fraction 1", "--test-fraction is 1; it must be 0.001..0.9" },
        { "log dump . --from 10 --to 5", "--to is before --from" },
        { "log dump . --from -1", "--from is -1" },
        { "completion tcsh", "SHELL 'tcsh' is not one of bash, zsh, fish, pwsh" },
        { "--format csv ingest f", "Option '--format' must stand behind the command: embedctl ingest --format" },
        { "--address http://127.0.0.1:9 completion bash", "Unknown option '--address'" },
    };

    [Fact]
    public void Table_HasEveryCommand()
    {
        var root = EmbedCtl.CreateRootCommand(new CommandConsole(TextWriter.Null, TextWriter.Null));
        Assert.Equal(Leaves(root, "").Order(), WithoutArguments.Select(row => row.Data.Item1).Order());
    }

    [Theory]
    [MemberData(nameof(WithoutArguments))]
    public async Task RunAsync_WithoutArguments_NamesWhatIsMissingAndShowsAnExample(string command, string? missing)
    {
        if (missing is null) return;
        var run = await CliRun.OfAsync(command.Split(' '));

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.StartsWith("error: ", run.Error, StringComparison.Ordinal);
        Assert.Contains(missing, run.Error, StringComparison.Ordinal);
        Assert.Contains("Example: ", run.Error, StringComparison.Ordinal);
        Assert.Contains($"See 'embedctl {command} --help'.", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Theory]
    [MemberData(nameof(WrongValues))]
    public async Task RunAsync_WrongValue_SaysWhatWouldBeRight(string line, string expected)
    {
        var run = await CliRun.OfAsync(line.Split(' '));

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.StartsWith("error: ", run.Error, StringComparison.Ordinal);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Theory]
    [MemberData(nameof(OfDaemons))]
    public async Task RunAsync_DaemonDown_SaysSoWithWaysOut(string line)
    {
        using var directory = new TemporaryDirectory();
        var file = directory.Write("f.txt", "a b\n");

        var run = await CliRun.OfAsync([.. line.Split(' ').Select(word => word.Replace("FILE", file, StringComparison.Ordinal)), "--address", NoDaemon]);

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.StartsWith($"error: cannot reach the daemon at {NoDaemon} ", run.Error, StringComparison.Ordinal);
        Assert.Contains("start it with", run.Error, StringComparison.Ordinal);
        Assert.Contains("--address", run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Empty(run.Output);
        Assert.Equal([file], Directory.EnumerateFiles(directory.Path));
    }

    [Theory]
    [InlineData("--address", NoDaemon, "models", "list")]
    [InlineData("--address=" + NoDaemon, "--json", "models", "list")]
    [InlineData("--model", "films", "--address", NoDaemon, "recall", "--item", "a")]
    public async Task RunAsync_CommonOptionsBeforeTheCommand_AreThoseOfTheCommand(params string[] args)
    {
        var run = await CliRun.OfAsync(args);

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.StartsWith($"error: cannot reach the daemon at {NoDaemon} ", run.Error, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Leaves(System.CommandLine.Command parent, string prefix) =>
        parent.Subcommands.SelectMany(command => command.Subcommands.Count == 0 ? [$"{prefix}{command.Name}"] : Leaves(command, $"{prefix}{command.Name} "));
}
