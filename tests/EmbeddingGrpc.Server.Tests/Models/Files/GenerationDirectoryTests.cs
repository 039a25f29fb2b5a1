using System.Globalization;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Models.Files;
using EmbeddingGrpc.Training;
using Microsoft.Extensions.Logging;
using static EmbeddingGrpc.Server.Models.Files.DurableAction;

namespace EmbeddingGrpc.Server.Tests.Models.Files;

public sealed class GenerationDirectoryTests : IDisposable
{
    private readonly TemporaryDirectory _temporary = new();
    private readonly RecordingLogger _logger = new();

    private string Root => _temporary.At("generations");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WriteAndLoad_AnyIndex_GivesBackTheSameGeneration(bool hnsw)
    {
        using var parts = Parts(number: 1, items: 300, hnsw: hnsw);

        using var read = Open().WriteAndLoad(parts, null, TestContext.Current.CancellationToken);

        Assert.Equal((parts.Id, parts.Number, parts.CreateTime, parts.TrainedOffset), (read.Id, read.Number, read.CreateTime, read.TrainedOffset));
        Assert.Equal(parts.Metrics, read.Metrics);
        Assert.Equal(parts.Similar.GetType(), read.Similar.GetType());
        Assert.Equal((SimilarityMetric.Cosine, SimilarityMetric.DotProduct), (read.Similar.Metric, read.Next!.Metric));
        var (wanted, found) = (new Neighbor[10], new Neighbor[10]);
        for (var item = 0; item < 300; item++)
        {
            var row = new ItemOrdinal(item);
            Assert.Equal(parts.Vocabulary.IdOf(row), read.Vocabulary.IdOf(row));
            Assert.Equal(parts.Vocabulary.CountOf(row), read.Vocabulary.CountOf(row));
            Assert.Equal(parts.Input[row], read.Input[row]);
            Assert.Equal(parts.Output![row], read.Output![row]);
            foreach (var (before, after) in new[] { (parts.Similar, read.Similar), (parts.Next!, read.Next) })
            {
                before.Search(parts.Input[row], new SearchParameters(10), wanted, TestContext.Current.CancellationToken);
                after.Search(parts.Input[row], new SearchParameters(10), found, TestContext.Current.CancellationToken);
                Assert.Equal(wanted, found);
            }
        }
    }

    [Fact]
    public void Write_Always_SyncsEverythingBeforeTheNameThatStartsRead()
    {
        var disk = new CrashingDisk();
        var directory = Open(disk.Files);
        using var parts = Parts(number: 1);
        var name = new GenerationName(1, parts.Id).ToString();
        var temporary = Path.Combine(Root, ".tmp-" + name);

        directory.WriteAndLoad(parts, null, TestContext.Current.CancellationToken).Dispose();
        directory.PointAt(InfoOf(parts));

        var renamed = disk.IndexOf(Rename, Path.Combine(Root, name));
        var written = disk.Steps.Where(step => step.Action == WriteFile && step.Path.StartsWith(temporary, StringComparison.Ordinal)).Select(step => step.Path).ToList();
        Assert.Equal(["vocabulary.bin", "input.vectors", "output.vectors", "manifest.json"], written.Select(Path.GetFileName));
        Assert.All(written, file => Assert.InRange(disk.IndexOf(SyncFile, file), disk.IndexOf(WriteFile, file) + 1, renamed - 2));
        Assert.Equal(new DurableStep(SyncDirectory, temporary), disk.Steps[renamed - 1]);
        Assert.Equal(new DurableStep(SyncDirectory, Root), disk.Steps[renamed + 1]);
        var pointed = disk.IndexOf(Rename, Path.Combine(Root, "serving"));
        Assert.True(pointed > renamed + 1);
        Assert.Equal(new DurableStep(SyncDirectory, Root), disk.Steps[pointed + 1]);
    }

    [Fact]
    public void Write_CrashBeforeAnyStep_StartServesTheOldGenerationOrTheNewOneWhole()
    {
        var steps = CrashFreeSteps();
        Assert.True(steps > 12, "The way to a served generation has fewer steps than expected: is every one observed?");
        var served = new List<long>();
        for (var crashAt = 0; crashAt <= steps; crashAt++)
        {
            Directory.Delete(Root, recursive: true);
            Serve(Open(), number: 1);
            var disk = new CrashingDisk();
            var directory = Open(disk.Files);
            disk.Fail = (step, _) => step == crashAt ? new SimulatedCrashException() : null;

            if (crashAt < steps) Assert.Throws<SimulatedCrashException>(() => Serve(directory, number: 2));
            else Serve(directory, number: 2);

            var reopened = Open();
            using var loaded = reopened.LoadServing(new IndexOpenOptions(), TestContext.Current.CancellationToken);
            Assert.NotNull(loaded);
            served.Add(loaded.Number);
            Assert.DoesNotContain(Directory.GetFileSystemEntries(Root), path => Path.GetFileName(path).StartsWith('.'));
            Assert.Empty(_logger.Errors);

            // And the way goes on from there.
            Assert.Equal(reopened.Names()[0].Number + 1, reopened.NextNumber());
            Serve(reopened, reopened.NextNumber());
        }

        Assert.Equal(served.Order(), served);
        Assert.Equal(1, served[0]);
        Assert.Equal(2, served[^1]);
    }

    [Fact]
    public void Write_DiskRefuses_LeavesNothingBehind()
    {
        var disk = new CrashingDisk { Fail = (_, step) => step is { Action: SyncFile } && step.Path.EndsWith("output.vectors", StringComparison.Ordinal) ? new IOException("No space left on device") : null };
        var directory = Open(disk.Files);
        using var parts = Parts(number: 1);

        Assert.Throws<IOException>(() => directory.WriteAndLoad(parts, null, TestContext.Current.CancellationToken));

        Assert.Empty(Directory.GetFileSystemEntries(Root));
    }

    [Fact]
    public void Write_Cancelled_LeavesNothingBehind()
    {
        using var cancel = new CancellationTokenSource();
        using var parts = Parts(number: 1);
        var directory = Open();

        Assert.Throws<OperationCanceledException>(() => directory.WriteAndLoad(parts, _ => cancel.Cancel(), cancel.Token));

        Assert.Empty(Directory.GetFileSystemEntries(Root));
    }

    [Theory]
    [InlineData("vocabulary.bin")]
    [InlineData("input.vectors")]
    [InlineData("output.vectors")]
    [InlineData("similar.hnsw")]
    [InlineData("next.hnsw")]
    [InlineData("manifest.json")]
    public void LoadServing_FileDamagedTruncatedOrGone_NamesItAndServesTheOlderGeneration(string file)
    {
        foreach (var damage in new Action<string>[] { FlipMiddleBit, CutInHalf, Empty, File.Delete })
        {
            if (Directory.Exists(Root)) Directory.Delete(Root, recursive: true);
            var directory = Open();
            Serve(directory, number: 1);
            Serve(directory, number: 2, hnsw: true);
            var path = Path.Combine(Root, directory.Names()[0].ToString(), file);
            damage(path);
            _logger.Errors.Clear();

            using var loaded = Open().LoadServing(new IndexOpenOptions(), TestContext.Current.CancellationToken);

            Assert.Equal(1, loaded!.Number);
            var error = Assert.Single(_logger.Errors);
            Assert.Contains(path, error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void LoadServing_UnknownVersion_IsRefusedByNumber()
    {
        var directory = Open();
        Serve(directory, number: 1);
        var path = Path.Combine(Root, directory.Names()[0].ToString(), "manifest.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"formatVersion\": 1", "\"formatVersion\": 3", StringComparison.Ordinal));

        Assert.Null(Open().LoadServing(new IndexOpenOptions(), TestContext.Current.CancellationToken));

        Assert.Contains("format version 3", Assert.Single(_logger.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_WithW2_IsOfTheVersionThatEarlierDaemonsRead()
    {
        var directory = Open();
        Serve(directory, number: 1);

        Assert.Equal(1, GenerationManifest.Read(ManifestPath(directory)).FormatVersion);
    }

    [Fact]
    public void WriteAndLoad_HierarchicalSoftmax_HasNoW2AndAVersionOfItsOwn()
    {
        using var all = Parts(number: 1);
        all.Output!.Dispose();
        var parts = all with { Output = null, Next = null, Options = HierarchicalSoftmax };
        var directory = Open();

        using var read = directory.WriteAndLoad(parts, null, TestContext.Current.CancellationToken);

        Assert.Equal((null, null), (read.Output, read.Next));
        Assert.Equal(parts.Input[new(3)], read.Input[new(3)]);
        Assert.Equal(2, GenerationManifest.Read(ManifestPath(directory)).FormatVersion);
    }

    [Fact]
    public void Load_HierarchicalSoftmaxOfVersionOne_LeavesItsW2Alone()
    {
        // As it was written when every generation had a W2.
        var directory = Open();
        var info = Serve(directory, number: 1, hnsw: true);
        var path = ManifestPath(directory);
        File.WriteAllBytes(path, (GenerationManifest.Read(path) with { Options = new(HierarchicalSoftmax, StringComparer.Ordinal) }).Serialize());

        using var read = directory.Load(info, new IndexOpenOptions(), TestContext.Current.CancellationToken);

        Assert.Equal((null, null), (read.Output, read.Next));
        Assert.False(GenerationInfo.Of(read).PredictsNext);
    }

    [Fact]
    public void Load_IndexOverW2NotNamed_NamesTheManifest()
    {
        var directory = Open();
        var info = Serve(directory, number: 1);
        var path = ManifestPath(directory);
        File.WriteAllBytes(path, (GenerationManifest.Read(path) with { Next = null }).Serialize());

        var error = Assert.Throws<GenerationFileException>(() => directory.Load(info, new IndexOpenOptions(), TestContext.Current.CancellationToken));

        Assert.Equal((path, "it does not say how W2 is searched."), (error.File, error.Reason));
    }

    [Fact]
    public void LoadServing_FileOfAnotherGeneration_IsRefused()
    {
        var directory = Open();
        Serve(directory, number: 1, seed: 1);
        Serve(directory, number: 2, seed: 2);
        var names = directory.Names();
        File.Copy(Path.Combine(Root, names[1].ToString(), "input.vectors"), Path.Combine(Root, names[0].ToString(), "input.vectors"), overwrite: true);

        using var loaded = Open().LoadServing(new IndexOpenOptions(), TestContext.Current.CancellationToken);

        Assert.Equal(1, loaded!.Number);
        Assert.Contains("input.vectors", Assert.Single(_logger.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public void LoadServing_DirectoryRenamedByHand_IsRefused()
    {
        Serve(Open(), number: 1);
        var name = Open().Names()[0];
        Directory.Move(Path.Combine(Root, name.ToString()), Path.Combine(Root, (name with { Number = 9 }).ToString()));
        File.Delete(Path.Combine(Root, "serving"));

        Assert.Null(Open().LoadServing(new IndexOpenOptions(), TestContext.Current.CancellationToken));

        Assert.Contains("not the one its directory is named for", Assert.Single(_logger.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public void LoadServing_PointerNamesAnOlderGeneration_PrefersItOverNewerOnes()
    {
        var directory = Open();
        Serve(directory, number: 1);
        var second = Serve(directory, number: 2);
        Serve(directory, number: 3);
        directory.PointAt(second);

        using (var loaded = Open().LoadServing(new IndexOpenOptions(), TestContext.Current.CancellationToken)) Assert.Equal(2, loaded!.Number);

        // The older one before the newer one that did not serve.
        Directory.Delete(Path.Combine(Root, directory.Names()[1].ToString()), recursive: true);
        using (var loaded = Open().LoadServing(new IndexOpenOptions(), TestContext.Current.CancellationToken)) Assert.Equal(1, loaded!.Number);

        Directory.Delete(Path.Combine(Root, directory.Names()[1].ToString()), recursive: true);
        using (var loaded = Open().LoadServing(new IndexOpenOptions(), TestContext.Current.CancellationToken)) Assert.Equal(3, loaded!.Number);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not a generation")]
    [InlineData("../../etc/passwd")]
    public void LoadServing_PointerDamaged_ServesTheNewestAndSaysSo(string content)
    {
        var directory = Open();
        Serve(directory, number: 1);
        Serve(directory, number: 2);
        File.WriteAllText(Path.Combine(Root, "serving"), content);

        using var loaded = Open().LoadServing(new IndexOpenOptions(), TestContext.Current.CancellationToken);

        Assert.Equal(2, loaded!.Number);
        Assert.Contains(Path.Combine(Root, "serving"), Assert.Single(_logger.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public void LoadServing_EmptyDirectory_GivesNothingInSilence()
    {
        Assert.Null(Open().LoadServing(new IndexOpenOptions(), TestContext.Current.CancellationToken));

        Assert.Empty(_logger.Errors);
    }

    [Fact]
    public void Prune_MoreThanKept_KeepsTheNewestAndTheServingOne()
    {
        var directory = Open();
        var first = Serve(directory, number: 1);
        for (var number = 2; number <= 6; number++) Serve(directory, number);

        directory.Prune(keep: 3, first);
        Assert.Equal([6, 5, 1], directory.Names().Select(name => name.Number));

        directory.Prune(keep: 1, serving: null);
        Assert.Equal([6], directory.Names().Select(name => name.Number));
    }

    [Fact]
    public void Prune_MappedGeneration_StaysReadable()
    {
        var directory = Open();
        using var parts = Parts(number: 1);
        using var held = directory.WriteAndLoad(parts, null, TestContext.Current.CancellationToken);
        Serve(directory, number: 2);

        directory.Prune(keep: 1, serving: null);

        Assert.Equal([2], directory.Names().Select(name => name.Number));
        Assert.Equal(parts.Input[new(3)], held.Input[new(3)]);
    }

    [Fact]
    public void List_OneUnreadable_TellsTheOthersNewestFirst()
    {
        var directory = Open();
        var first = Serve(directory, number: 1);
        Serve(directory, number: 2);
        var third = Serve(directory, number: 3);
        File.WriteAllText(Path.Combine(Root, directory.Names()[1].ToString(), "manifest.json"), "{");

        var listed = directory.List();

        Assert.Equal([third.Id, first.Id], listed.Select(info => info.Id));
        Assert.Equal(first.Metrics, listed[1].Metrics);
        Assert.Equal(first with { Metrics = listed[1].Metrics, Options = listed[1].Options }, listed[1]);
    }

    [Fact]
    public void Constructor_LeftoversOfACrash_AreRemovedAndOtherFilesLeftAlone()
    {
        Directory.CreateDirectory(Path.Combine(Root, ".tmp-000002-00000000000000aa"));
        File.WriteAllText(Path.Combine(Root, ".tmp-000002-00000000000000aa", "input.vectors"), "half");
        File.WriteAllText(Path.Combine(Root, ".tmp-serving"), "half");
        File.WriteAllText(Path.Combine(Root, "notes.txt"), "an operator's");

        var directory = Open();

        Assert.Equal([Path.Combine(Root, "notes.txt")], Directory.GetFileSystemEntries(Root));
        Assert.Empty(directory.Names());
        Assert.Equal(1, directory.NextNumber());
    }

    public void Dispose() => _temporary.Dispose();

    private static Dictionary<string, string> HierarchicalSoftmax => new() { ["Training.Objective"] = nameof(TrainingObjective.CbowHierarchicalSoftmax) };

    private string ManifestPath(GenerationDirectory directory) => Path.Combine(Root, directory.Names()[0].ToString(), GenerationManifest.FileName);

    private GenerationDirectory Open(DurableFiles? files = null) => new(Root, _logger, files);

    private int CrashFreeSteps()
    {
        var disk = new CrashingDisk();
        Serve(Open(), number: 1);
        var directory = Open(disk.Files);
        Serve(directory, number: 2);
        return disk.Steps.Count;
    }

    /// <summary>The whole way of a generation: written, read back, pointed at, the older ones but one removed.</summary>
    private static GenerationInfo Serve(GenerationDirectory directory, long number, bool hnsw = false, int seed = 1)
    {
        using var parts = Parts(number, hnsw: hnsw, seed: seed);
        directory.WriteAndLoad(parts, null, TestContext.Current.CancellationToken).Dispose();
        var info = InfoOf(parts);
        directory.PointAt(info);
        return info;
    }

    private static GenerationParts Parts(long number, int items = 20, bool hnsw = false, int seed = 1) => TestGenerations.Parts(
        items,
        number: number,
        seed: seed,
        index: (vectors, metric) => hnsw ? HnswIndex.Build(vectors, metric, new HnswOptions { BuildThreads = 1 }) : new ExactIndex(vectors, metric));

    private static GenerationInfo InfoOf(GenerationParts parts) => new()
    {
        Id = parts.Id,
        Number = parts.Number,
        CreateTime = parts.CreateTime,
        TrainedOffset = parts.TrainedOffset,
        ItemCount = parts.Vocabulary.Count,
        Dimension = parts.Input.Dimension,
        Metrics = parts.Metrics,
    };

    private static void FlipMiddleBit(string path)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 0x10;
        File.WriteAllBytes(path, bytes);
    }

    private static void CutInHalf(string path)
    {
        var bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..(bytes.Length / 2)]);
    }

    private static void Empty(string path) => File.WriteAllBytes(path, []);

    private sealed class RecordingLogger : ILogger
    {
        public List<string> Errors { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Error) Errors.Add(string.Create(CultureInfo.InvariantCulture, $"{eventId.Id}: {formatter(state, exception)}"));
        }
    }
}
