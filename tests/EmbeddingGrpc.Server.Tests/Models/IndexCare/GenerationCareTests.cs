using System.Numerics.Tensors;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Tests.Models.IndexCare;

public sealed class GenerationCareTests : IDisposable
{
    private const int Items = 3000;

    private readonly CaredGeneration _cared = new(Items);

    [Fact]
    public void Look_FewItemsDeleted_AreTombstonesUntilTheyComeBack()
    {
        _cared.Delete(3, 5, 7);
        _cared.Look();
        Assert.All(_cared.Indexes, index => Assert.Equal(Enumerable.Range(0, Items).Except([3, 5, 7]), _cared.FindAll(index).Order()));
        Assert.Equal((3, 3), (_cared.Told("tombstones", "similar"), _cared.Told("tombstones", "next")));

        _cared.Restore(5);
        _cared.Look();

        Assert.All(_cared.Indexes, index => Assert.Equal(Enumerable.Range(0, Items).Except([3, 7]), _cared.FindAll(index).Order()));
    }

    [Fact]
    public void Look_MoreThanAFifthDeleted_BuildsAnewAndLosesNoItem()
    {
        var before = _cared.Indexes.Select(index => index.Graph).ToArray();
        int[] gone = [.. Enumerable.Range(0, Items).Where(item => item % 4 == 1)];
        _cared.Delete(gone);
        Fold("new-0");

        _cared.Look();

        Assert.DoesNotContain(_cared.Indexes.Zip(before), pair => ReferenceEquals(pair.First.Graph, pair.Second));
        var live = Enumerable.Range(0, Items + 1).Except(gone).ToArray();
        Assert.All(_cared.Indexes, index => Assert.Equal(live, _cared.FindAll(index).Order()));
        Assert.Equal((1, 1), (_cared.Told("compactions", "similar"), _cared.Told("compactions", "next")));
        Assert.Equal((0, 0), (_cared.Told("tombstones", "similar"), _cared.Told("tombstones", "next")));
        AssertEachFindsItself(live);

        // Once is enough, and what follows goes on in the new graphs: items that come back, and new ones.
        _cared.Look();
        Assert.Equal(1, _cared.Told("compactions", "similar"));
        _cared.Restore(1, 5, 9);
        Fold("new-1");
        _cared.Look();
        Assert.All(_cared.Indexes, index => Assert.Equal(live.Concat([1, 5, 9, Items + 1]).Order(), _cared.FindAll(index).Order()));
        AssertEachFindsItself([1, 5, 9, Items + 1]);
    }

    [Fact]
    public void Look_ItemDeletedBeforeItGetsVectors_IsTakenOutThen()
    {
        var key = _cared.Keys.GetOrAdd("new");
        _cared.Delete(key.Value);
        _cared.Look();

        Fold("new");
        _cared.Look();

        Assert.All(_cared.Indexes, index => Assert.DoesNotContain(Items, _cared.FindAll(index)));
    }

    [Fact]
    public void Look_ItemsThatNothingLeadsTo_AreCountedAndLinked()
    {
        int[] lost = [.. Enumerable.Range(0, Items).Where(item => item % 100 == 33)];
        foreach (var index in _cared.Indexes) CutOff(index.Graph!, lost);

        // Ten items at a time, so that the round comes by all of them.
        for (var look = 0; look < Items / 10; look++) _cared.Look(probes: 10);

        foreach (var index in (string[])["similar", "next"])
        {
            Assert.Equal(lost.Count(item => item != EntryOf(index)), _cared.Told("orphans", index));
            Assert.Equal(Items, _cared.Told("probes", index));
        }

        Assert.True(_cared.Told("missed", "similar") > 0);
        foreach (var index in _cared.Indexes) Assert.Equal(0, index.Graph!.Repair(TestContext.Current.CancellationToken));
        AssertEachFindsItself(lost);
    }

    [Fact]
    public void Look_NothingWrong_FindsNoOrphans()
    {
        _cared.Look(probes: Items);

        Assert.Equal((0, 0, Items), (_cared.Told("orphans", "similar"), _cared.Told("orphans", "next"), _cared.Told("probes", "next")));
    }

    [Fact]
    public void Look_GrownByAThird_CalibratesAgain()
    {
        _cared.Look();
        // They came without a calibration.
        Assert.Equal((1, 1), (_cared.Told("calibrations", "similar"), _cared.Told("calibrations", "next")));
        for (var item = 0; item < Items / 3; item++) Fold($"new-{item}");
        Assert.All(_cared.Indexes, index => Assert.True(index.Graph!.NeedsCalibration));

        _cared.Look();

        Assert.All(_cared.Indexes, index => Assert.Equal((false, Items * 4 / 3), (index.Graph!.NeedsCalibration, index.Graph.Calibration!.Items)));
        Assert.Equal((2, 2), (_cared.Told("calibrations", "similar"), _cared.Told("calibrations", "next")));
    }

    [Fact]
    public void Look_TimeToMeasure_TellsTheRecallOfWhatIsLive()
    {
        _cared.Delete(Enumerable.Range(0, 400));
        var every = TimeSpan.FromMinutes(10);

        _cared.Look(measureEvery: every);

        foreach (var index in (string[])["similar", "next"]) Assert.InRange(_cared.Told("recall_at_10", index), 0.9, 1);
    }

    [Fact]
    public async Task Compact_WhileReadersSearchAndItemsAreFoldedIn_EveryAnswerIsWhole()
    {
        using var stop = new CancellationTokenSource();
        var index = _cared.Generation.SimilarIndex;
        var searches = 0;
        var readers = Enumerable.Range(0, 8).Select(reader => Task.Factory.StartNew(
            () =>
            {
                var results = new Neighbor[10];
                for (var item = reader; !stop.IsCancellationRequested || item < 500; item++)
                {
                    var vector = _cared.Generation.InputOf(new ItemOrdinal(item % Items));
                    Assert.Equal(10, index.Search(vector, new SearchParameters(10), results, TestContext.Current.CancellationToken));
                    Assert.Equal(item % Items, results[0].Item.Value);
                    Interlocked.Increment(ref searches);
                }
            },
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)).ToArray();
        var folding = Task.Run(() =>
        {
            for (var item = 0; item < 400; item++) Fold($"new-{item}");
        }, TestContext.Current.CancellationToken);

        using var queries = TestGenerations.Vectors(64, CaredGeneration.Dimension, seed: 9);
        for (var round = 0; round < 3; round++) index.Compact(queries, TestContext.Current.CancellationToken);
        await folding;
        await stop.CancelAsync();
        await Task.WhenAll(readers);

        Assert.True(searches >= 4000);
        Assert.Equal(Enumerable.Range(0, Items + 400), _cared.FindAll(index).Order());
        Assert.Equal(0, index.Graph!.Repair(TestContext.Current.CancellationToken));
    }

    public void Dispose() => _cared.Dispose();

    private static void CutOff(HnswIndex index, int[] items)
    {
        var lost = items.Select(item => (uint)item).ToHashSet();
        var ground = index.Graph.Ground;
        for (var node = 0; node < ground.Count; node++) ground.Replace(node, [.. ground.LinkSpan(node).ToArray().Where(link => !lost.Contains(link))]);
    }

    private int EntryOf(string index) => (index == "similar" ? _cared.Generation.SimilarIndex : _cared.Generation.NextIndex).Graph!.Graph.EntryItem;

    private void Fold(string id)
    {
        var random = new Random(id.Aggregate(17, (hash, letter) => (hash * 31) + letter));
        var row = Enumerable.Range(0, CaredGeneration.Dimension).Select(_ => (random.NextSingle() * 2) - 1).ToArray();
        _cared.Generation.FoldIn(_cared.Keys.GetOrAdd(id), row, row, default);
    }

    private void AssertEachFindsItself(IEnumerable<int> items)
    {
        var results = new Neighbor[1];
        var generation = _cared.Generation;
        foreach (var item in items)
        {
            var ordinal = new ItemOrdinal(item);
            Assert.Equal(1, generation.Similar.Search(generation.InputOf(ordinal), new SearchParameters(1, 256), results, TestContext.Current.CancellationToken));
            Assert.Equal(ordinal, results[0].Item);
            // By product a longer row may be nearer than the item itself.
            var row = generation.OutputOf(ordinal);
            Assert.Equal(1, generation.Next.Search(row, new SearchParameters(1, 256), results, TestContext.Current.CancellationToken));
            Assert.True(results[0].Score >= TensorPrimitives.Dot(row, row) - 1e-4f);
        }
    }
}
