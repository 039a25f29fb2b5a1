using System.Buffers.Binary;
using System.Runtime.InteropServices;
using CsCheck;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.EventLog.Tests.Simulation;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Checkpoints;
using EmbeddingGrpc.Server.Pipeline.Graph;
using EmbeddingGrpc.Server.Tests.Hosting;
using EmbeddingGrpc.Server.Tests.Pipeline.Checkpoints;

namespace EmbeddingGrpc.Server.Tests.Pipeline.Graph;

/// <summary>Graphs of which a checkpoint keeps several chunks of each kind, used where they lie in its file or read from a disk that cannot be mapped.</summary>
public sealed class GraphPagesTests : IDisposable
{
    private const int Items = 30_000;
    private const int Interactions = 60_000;
    private const string Section = "item graph";
    private static readonly ItemGraphOptions Options = new() { MaximumEdges = 16 };

    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData(true, 16)]
    [InlineData(false, 16)]
    // Blocks whose chunks are no whole pages.
    [InlineData(true, 11)]
    [InlineData(false, 11)]
    public void Read_PagesMappedOrNot_IsWhatWasWrittenAndGoesOnAlike(bool mapped, int maximumEdges)
    {
        var files = FilesOf(mapped, out var path);
        var options = Options with { MaximumEdges = maximumEdges };
        var written = Grown(options, Interactions);
        Write(files, path, new ItemGraphPart(written));
        var bytes = mapped ? File.ReadAllBytes(path) : [];

        var restored = Read(files, path, options);

        Assert.All(restored.Edges, pool => Assert.True(pool.UsedCount > pool.Blocks.ChunkBlocks, $"{pool.UsedCount} blocks of {pool.BlockLength}: each class has a whole chunk and a cut one."));
        AssertSame(written, restored);
        Grow(written, Interactions, 2 * Interactions);
        Grow(restored, Interactions, 2 * Interactions);
        AssertSame(written, restored);
        if (mapped) Assert.True(bytes.AsSpan().SequenceEqual(File.ReadAllBytes(path)), "What changes in the graph must not change the file.");
    }

    [Fact]
    public void Read_FileIsReplacedAfterwards_GoesOnWithThePagesItHas()
    {
        var (files, path) = (DiskFileSystem.Instance, Path.Combine(_folder.FullPath, "replaced"));
        var written = Grown(Options, Interactions);
        Write(files, path, new ItemGraphPart(written));
        var restored = Read(files, path, Options);

        files.Delete(path);
        File.WriteAllBytes(path, [1, 2, 3]);
        GC.Collect();
        GC.WaitForPendingFinalizers();

        Grow(written, Interactions, Interactions + 1000);
        Grow(restored, Interactions, Interactions + 1000);
        AssertSame(written, restored);
    }

    [Fact]
    public void Read_WrittenWhileTheGraphChanged_IsMadeWholeByReplay() =>
        Gen.Select(Gen.Int[0, 3000], Gen.Int[1, 20], Gen.Int[0, 2]).Sample(
            (start, every, growth) =>
            {
                var (files, path) = (DiskFileSystem.Instance, Path.Combine(_folder.FullPath, "fuzzy"));
                var graph = Grown(Options, start);
                var (applied, looks) = (start, 0);
                Write(files, path, new ItemGraphPart(graph), () => new LogOffset(applied), () =>
                {
                    if (++looks % every != 0) return;
                    // Nodes and blocks come, and nodes change class, before and behind the one that is written.
                    for (var more = growth; more >= 0; more--, applied++) Grow(graph, applied, applied + 1);
                });

                var restored = Read(files, path, Options);

                Grow(restored, start, applied);
                AssertSame(graph, restored);
                files.Delete(path);
            },
            iter: 20,
            threads: 1);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Read_VersionWithoutPages_IsWhatWasWritten(bool version3)
    {
        var (files, path) = (DiskFileSystem.Instance, Path.Combine(_folder.FullPath, "older"));
        var written = Grown(Options, Interactions);
        Write(files, path, new OlderGraphPart(written));
        if (version3) Version3.Replace(path, new UserHistories());
        else OlderVersion.Replace(path, CheckpointFormat.VersionWithoutPages, new UserHistories());

        AssertSame(written, Read(files, path, Options));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(100)]
    public void Read_OtherMaximumOfEdges_KeepsTheHeaviest(int maximumEdges)
    {
        var (files, path) = (DiskFileSystem.Instance, Path.Combine(_folder.FullPath, "other"));
        var written = Grown(Options, Interactions);
        Write(files, path, new ItemGraphPart(written));

        var restored = Read(files, path, Options with { MaximumEdges = maximumEdges });

        Assert.Equal(written.Version, restored.Version);
        var (wanted, found) = (new GraphConnections(Math.Min(16, maximumEdges)), new GraphConnections(maximumEdges));
        for (var item = new ItemKey(0); item.Value < Items; item = new ItemKey(item.Value + 1))
        {
            Assert.Equal(written.TryRead(item, wanted), restored.TryRead(item, found));
            Assert.Equal(wanted.Items, found.Items);
            Assert.Equal(wanted.Weights, found.Weights);
        }
    }

    [Fact]
    public void Read_EmptyGraph_IsEmpty()
    {
        var (files, path) = (DiskFileSystem.Instance, Path.Combine(_folder.FullPath, "empty"));
        Write(files, path, new ItemGraphPart(new ItemGraph(Options)));

        var restored = Read(files, path, Options);

        Assert.Equal((0, 0), (restored.SizeBytes, restored.Version));
        AssertSame(Grown(Options, 100), Grown(restored, 100));
    }

    [Theory]
    [InlineData("block of another node", "has 16 edges in block")]
    [InlineData("block that is not there", "in block 2147483647")]
    [InlineData("block below 0", "in block -1")]
    [InlineData("class that is not there", "of class 3")]
    [InlineData("more edges than fit", "has 17 edges")]
    [InlineData("version of a change under way", "of version -")]
    [InlineData("edges of nobody", "of version 0")]
    [InlineData("node forgotten", "nodes that have one")]
    public void Read_NodesThatContradictTheirBlocksBehindRightChecksums_IsRefused(string what, string message) =>
        AssertRefused(
            section =>
            {
                // The first chunk is the one that was full first; that of the nodes is found by its kind.
                var (index, kinds) = IndexOf(section);
                var place = section.Length - sizeof(int) - index.Length;
                for (var chunk = kinds.Length - 1; chunk >= 0; chunk--) place -= BytesOf(index, kinds, chunk);
                for (var chunk = 0; kinds[chunk] != GraphPagesWriter.NodesKind; chunk++) place += BytesOf(index, kinds, chunk);
                var nodes = MemoryMarshal.Cast<byte, GraphNode>(section.AsSpan(place, 4096 * 32));
                var heavy = 0;
                while (nodes[heavy].EdgeCount < 16) heavy++;
                ref var node = ref nodes[heavy];
                switch (what)
                {
                    case "block of another node": node.Block = 0 == node.Block ? 1 : 0; break;
                    case "block that is not there": node.Block = int.MaxValue; break;
                    case "block below 0": node.Block = -1; break;
                    case "class that is not there": node.EdgeClass = 3; break;
                    case "more edges than fit": node.EdgeCount = 17; break;
                    case "version of a change under way": node.Version = ~node.Version; break;
                    case "edges of nobody": node.Version = 0; break;
                    default:
                        // The last one that is of its class: those before it keep their blocks.
                        var last = -1;
                        for (var i = 0; i < nodes.Length; i++) if (nodes[i].EdgeClass == 2) last = i;
                        nodes[last] = default;
                        break;
                }
            },
            message,
            // Nodes of the first chunk only, so that the last of its class has no successor.
            items: what == "node forgotten" ? 4000 : Items);

    [Theory]
    [InlineData(0, double.NaN, "half-life")]
    [InlineData(0, -1.0, "half-life")]
    [InlineData(0, double.PositiveInfinity, "half-life")]
    [InlineData(28, 0, "up to 0 edges")]
    [InlineData(28, -5, "up to -5 edges")]
    [InlineData(28, 70_000, "up to 70000 edges")]
    [InlineData(28, 8, "3 classes of blocks where 2 belong")]
    [InlineData(32, 2, "2 classes of blocks where 3 belong")]
    [InlineData(36, -1, "-1 of something")]
    [InlineData(36, int.MaxValue, "fewer pages")]
    [InlineData(36, 4096, "more pages than 4096")]
    [InlineData(48, -1, "-1 of something")]
    [InlineData(48, 1_000_000, "fewer pages")]
    [InlineData(48, 100, "more pages")]
    [InlineData(52, -1, "-1 of something")]
    [InlineData(52, 1_000_000, "pages of kind")]
    [InlineData(52, 3, "not all there")]
    public void Read_IndexThatCannotBeBehindRightChecksums_IsRefused(int place, double value, string message) =>
        AssertRefused(
            section =>
            {
                var index = section.AsSpan(section.Length - sizeof(int) - IndexOf(section).Index.Length);
                if (place == 0) BinaryPrimitives.WriteDoubleLittleEndian(index, value);
                else BinaryPrimitives.WriteInt32LittleEndian(index[place..], (int)value);
            },
            message);

    [Fact]
    public void Read_ChunkOfAKindThatIsNotThere_IsRefused() => AssertRefused(section => section[^5] = 4, "pages of kind 4, known are 0..3");

    [Theory]
    [InlineData(-1, "index of -1 bytes")]
    [InlineData(int.MaxValue, "index of 2147483647 bytes")]
    [InlineData(0, "ends before it should")]
    public void Read_LengthOfTheIndexThatCannotBe_IsRefused(int length, string message) =>
        AssertRefused(section => BinaryPrimitives.WriteInt32LittleEndian(section.AsSpan(section.Length - sizeof(int)), length), message);

    [Theory]
    [InlineData(1L << 40, 0)]
    [InlineData(-10, 0)]
    [InlineData(0, 1L << 40)]
    [InlineData(0, -1)]
    public void Read_SectionOutsideTheFile_IsRefused(long further, long longer)
    {
        var path = Path.Combine(_folder.FullPath, "outside");
        Write(DiskFileSystem.Instance, path, new ItemGraphPart(Grown(Options, 10)));
        var section = WrittenCheckpoint.TableOf(path).Sections.Single(section => section.Name == Section);
        using var file = DiskFileSystem.Instance.Open(path, FileOpenMode.Read);
        section = section with { Position = further < 0 ? further : section.Position + further, Length = longer < 0 ? longer : section.Length + longer };

        var refusal = Assert.Throws<CheckpointCorruptException>(() => CheckpointPages.Open(file, section));

        Assert.Contains("lies where the file has nothing", refusal.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private void AssertRefused(Action<byte[]> change, string message, int items = Items)
    {
        var (files, path) = (DiskFileSystem.Instance, Path.Combine(_folder.FullPath, "wrong"));
        Write(files, path, new ItemGraphPart(Grown(Options, Interactions, items)));
        WrittenCheckpoint.Change(path, Section, change);

        var refusal = Assert.Throws<CheckpointCorruptException>(() => Read(files, path, Options));

        Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
    }

    private IFileSystem FilesOf(bool mapped, out string path)
    {
        path = mapped ? Path.Combine(_folder.FullPath, "graph") : "/graph";
        return mapped ? DiskFileSystem.Instance : new SimulatedProcess(new SimulatedDisk(1));
    }

    private static (byte[] Index, byte[] Kinds) IndexOf(byte[] section)
    {
        var index = section[^(sizeof(int) + BinaryPrimitives.ReadInt32LittleEndian(section.AsSpan(section.Length - sizeof(int))))..^sizeof(int)];
        return (index, index[56..]);
    }

    // Of the graphs here: chunks of 128 KiB, and the last of each kind what is left of its count.
    private static int BytesOf(byte[] index, byte[] kinds, int chunk)
    {
        var kind = kinds[chunk];
        var bytes = kind == GraphPagesWriter.NodesKind ? 32 : 8 * (4 << (kind - 1));
        var count = BinaryPrimitives.ReadInt32LittleEndian(index.AsSpan(kind == GraphPagesWriter.NodesKind ? 48 : 36 + (4 * (kind - 1))));
        var before = kinds.Take(chunk).Count(each => each == kind) * (128 * 1024 / bytes);
        return Math.Min(count - before, 128 * 1024 / bytes) * bytes;
    }

    private static void Write(IFileSystem files, string path, IAppliedPart part, Func<LogOffset>? applied = null, Action? beforeEach = null)
    {
        using var file = files.Open(path, FileOpenMode.Create);
        CheckpointWriter.Write(file, StateOf(part), applied ?? (() => new LogOffset(1)), beforeEach ?? (() => { }));
    }

    private static ItemGraph Read(IFileSystem files, string path, ItemGraphOptions options)
    {
        var graph = new ItemGraph(options);
        using var file = files.Open(path, FileOpenMode.Read);
        CheckpointReader.ReadBounds(file);
        CheckpointReader.Read(file, StateOf(new ItemGraphPart(graph)));
        return graph;
    }

    private static AppliedState StateOf(IAppliedPart part) => new(new ItemKeys(), new UserHistories(), new ItemCounters(TimeSpan.FromDays(7))) { Parts = [part] };

    private static ItemGraph Grown(ItemGraphOptions options, int interactions, int items = Items) => Grown(new ItemGraph(options), interactions, items);

    private static ItemGraph Grown(ItemGraph graph, int interactions, int items = Items)
    {
        Grow(graph, 0, interactions, items);
        return graph;
    }

    // Some items come often and some rarely, so that there are blocks of every class.
    private static void Grow(ItemGraph graph, int from, int to, int items = Items)
    {
        for (var offset = from; offset < to; offset++)
        {
            var random = new Random(offset);
            graph.Apply(Click(random, items, offset), [Click(random, items, offset - 1), Click(random, items, offset)], [], 3, new LogOffset(offset));
        }
    }

    private static HistoryEvent Click(Random random, int items, int offset) =>
        new(new ItemKey((int)(items * Math.Pow(random.NextDouble(), 3))), InteractionType.Click, 1_700_000_000_000 + (offset * 1000L), 1);

    private static void AssertSame(ItemGraph expected, ItemGraph actual)
    {
        Assert.Equal(expected.Version, actual.Version);
        Assert.Equal((expected.Clock.OriginMs, expected.Clock.LatestMs, expected.Clock.Epoch), (actual.Clock.OriginMs, actual.Clock.LatestMs, actual.Clock.Epoch));
        var (wanted, found) = (new GraphConnections(expected.MaximumEdges), new GraphConnections(expected.MaximumEdges));
        for (var item = new ItemKey(0); item.Value < Items; item = new ItemKey(item.Value + 1))
        {
            Assert.Equal(expected.TryReadNode(item, wanted, out var node), actual.TryReadNode(item, found, out var same));
            Assert.Equal((node.Version, node.Out, node.In, node.Epoch), (same.Version, same.Out, same.In, same.Epoch));
            Assert.Equal(wanted.Items, found.Items);
            Assert.Equal(wanted.Weights, found.Weights);
        }
    }
}
