using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Tests;

public sealed class HnswIndexWriteTests
{
    public static TheoryData<SimilarityMetric> Metrics => [.. Enum.GetValues<SimilarityMetric>()];

    public static TheoryData<SimilarityMetric, int> Starts =>
        new(from metric in Enum.GetValues<SimilarityMetric>() from start in (int[])[0, 1, 5, 400] select (metric, start));

    [Theory]
    [MemberData(nameof(Starts))]
    public void InsertAndDelete_RandomHistory_KeepsEveryLiveItemReachableAfterEveryStep(SimilarityMetric metric, int start)
    {
        var random = new Random(start);
        var rows = TestVectors.WithDuplicatesAndZeros(1200, 8, seed: start + 7);
        using var table = TestVectors.Table(rows[..start], 8);
        using var index = Build(table, metric, m: 3);
        var live = new SortedSet<int>(Enumerable.Range(0, start));
        var gone = new List<int>();
        var next = start;
        for (var step = 0; step < 700; step++)
        {
            // Runs of one kind reach states that a fair mix does not: nearly empty, and mostly deleted.
            var deleteMore = step / 70 % 3 == 2;
            if (live.Count > 0 && random.Next(10) < (deleteMore ? 8 : 2))
            {
                var victim = live.ElementAt(random.Next(live.Count));
                Assert.True(index.Delete(new ItemOrdinal(victim)));
                Assert.False(index.Delete(new ItemOrdinal(victim)));
                live.Remove(victim);
                gone.Add(victim);
            }
            else if (gone.Count > 0 && random.Next(6) == 0)
            {
                var back = gone[random.Next(gone.Count)];
                Assert.True(index.Restore(new ItemOrdinal(back)));
                Assert.False(index.Restore(new ItemOrdinal(back)));
                gone.Remove(back);
                live.Add(back);
            }
            else
            {
                Assert.Equal(next, index.Insert(rows[next]).Value);
                live.Add(next++);
            }
            Assert.Equal((live.Count, next, next - live.Count), (index.Count, index.Items, index.DeletedCount));
            GraphChecker.AssertSound(index);
            if (step % 20 == 0) AssertAnswersLiveOnly(index, rows, live, random);
        }
        Assert.Equal(0, index.Repair(TestContext.Current.CancellationToken));
    }

    [Theory]
    [MemberData(nameof(Metrics))]
    public void Search_AfterChurn_RecallsAsAFreshBuildDoes(SimilarityMetric metric)
    {
        var random = new Random(1);
        var rows = TestVectors.Clustered(8000, 24, seed: 11);
        using var empty = TestVectors.Table([], 24);
        using var index = Build(empty, metric, m: 12);
        for (var i = 0; i < 4000; i++) index.Insert(rows[i]);
        var live = new List<int>(Enumerable.Range(0, 4000).OrderBy(_ => random.Next()));
        foreach (var item in live.Take(2000)) index.Delete(new ItemOrdinal(item));
        live.RemoveRange(0, 2000);
        for (var i = 0; i < 667; i++)
        {
            // An update: what was there goes, and comes back changed under a new ordinal.
            index.Delete(new ItemOrdinal(live[i]));
            live[i] = index.Insert(rows[4000 + i]).Value;
        }
        GraphChecker.AssertSound(index);

        var liveRows = live.ConvertAll(item => rows[item]);
        using var fresh = TestVectors.Table(liveRows, 24);
        using var rebuilt = Build(fresh, metric, m: 12);
        var queries = TestVectors.Clustered(300, 24, seed: 11);
        var afterChurn = queries.Average(query => Recall(index, rows, query, live.Contains));
        var afterBuild = queries.Average(query => Recall(rebuilt, liveRows, query, _ => true));
        // With more than half of all items deleted and not yet compacted, which is due from a fifth on.
        Assert.InRange(afterChurn, afterBuild - 0.01, 1);
        Assert.True(index.NeedsCompaction);
        using var compacted = index.BuildCompacted(cancellationToken: TestContext.Current.CancellationToken);
        Assert.InRange(queries.Average(query => Recall(compacted, rows, query, live.Contains)), afterBuild - 0.01, 1);
    }

    [Fact]
    public void BuildCompacted_AfterMoreWrites_CatchesUpAndKeepsOrdinals()
    {
        var rows = TestVectors.Clustered(2000, 16, seed: 3);
        using var table = TestVectors.Table(rows[..1000], 16);
        using var index = Build(table, SimilarityMetric.Cosine, m: 8);
        for (var i = 1000; i < 1500; i++) index.Insert(rows[i]);
        for (var i = 0; i < 1500; i += 3) index.Delete(new ItemOrdinal(i));
        Assert.True(index.NeedsCompaction);
        using var compacted = index.BuildCompacted(cancellationToken: TestContext.Current.CancellationToken);
        for (var i = 1500; i < 2000; i++) index.Insert(rows[i]);
        for (var i = 1; i < 2000; i += 5) index.Delete(new ItemOrdinal(i));
        for (var i = 0; i < 1500; i += 6) index.Restore(new ItemOrdinal(i));

        compacted.CatchUpWith(index);
        // What was deleted before it was built is not walked through, and does not ask for another compaction.
        Assert.Equal((index.Items, index.Count), (compacted.Items, compacted.Count));
        Assert.Equal((300, false), (compacted.Tombstones, compacted.NeedsCompaction));
        GraphChecker.AssertSound(compacted);
        for (var i = 0; i < 2000; i++) Assert.Equal(index.Contains(new ItemOrdinal(i)), compacted.Contains(new ItemOrdinal(i)));
        var results = new Neighbor[10];
        foreach (var query in rows.Take(50))
        {
            Assert.Equal(10, compacted.Search(query, new SearchParameters(10), results, TestContext.Current.CancellationToken));
            Assert.All(results, n => Assert.True(index.Contains(n.Item)));
        }
    }

    [Fact]
    public void Restore_OfWhatACompactedGraphWasBuiltWithout_FindsItAgain()
    {
        var rows = TestVectors.Clustered(2000, 16, seed: 3);
        using var table = TestVectors.Table(rows, 16);
        using var index = Build(table, SimilarityMetric.Euclidean, m: 8);
        for (var i = 0; i < 2000; i++) index.Delete(new ItemOrdinal(i));
        using (var empty = index.BuildCompacted(cancellationToken: TestContext.Current.CancellationToken))
        {
            var results = new Neighbor[1];
            Assert.Equal(0, empty.Search(rows[0], new SearchParameters(1), results, TestContext.Current.CancellationToken));
            for (var i = 0; i < 2000; i += 2)
            {
                Assert.True(empty.Restore(new ItemOrdinal(i)));
                if (i % 100 == 0) GraphChecker.AssertSound(empty);
            }

            GraphChecker.AssertSound(empty);
            Assert.Equal((1000, 0), (empty.Count, empty.Tombstones));
            for (var i = 0; i < 2000; i += 20)
            {
                Assert.Equal(1, empty.Search(rows[i], new SearchParameters(1), results, TestContext.Current.CancellationToken));
                Assert.Equal(i, results[0].Item.Value);
            }
        }
    }

    [Fact]
    public void Repair_ItemsCutOffAfterTheFirstWrite_LinksAndCountsThem()
    {
        var rows = TestVectors.Clustered(1501, 16, seed: 8);
        using var table = TestVectors.Table(rows[..1500], 16);
        using var index = Build(table, SimilarityMetric.Cosine, m: 8);
        index.Insert(rows[1500]);
        int[] lost = [.. Enumerable.Range(0, 1501).Where(item => item % 50 == 0 && item != index.Graph.EntryItem)];
        GraphChecker.CutOff(index, lost);

        Assert.Equal(lost.Length, index.Repair(TestContext.Current.CancellationToken));

        GraphChecker.AssertSound(index);
        Assert.Equal(0, index.Repair(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Repair_BesideAWriter_FindsNothingMissing()
    {
        var rows = TestVectors.Clustered(4000, 16, seed: 9);
        using var table = TestVectors.Table(rows[..2000], 16);
        using var index = Build(table, SimilarityMetric.Cosine, m: 4);
        index.Delete(new ItemOrdinal(0));
        var writing = Task.Run(
            () =>
            {
                for (var i = 2000; i < 4000; i++)
                {
                    index.Insert(rows[i]);
                    index.Delete(new ItemOrdinal(i - 1000));
                    if (i % 3 == 0) index.Restore(new ItemOrdinal(i - 1000));
                }
            },
            TestContext.Current.CancellationToken);
        var found = 0;
        do found += index.Repair(TestContext.Current.CancellationToken);
        while (!writing.IsCompleted);
        await writing;

        Assert.Equal(0, found);
        GraphChecker.AssertSound(index);
    }

    [Fact]
    public void Repair_ItemsThatNothingLeadsTo_LinksAndCountsThem()
    {
        var rows = TestVectors.Clustered(1500, 16, seed: 8);
        using var table = TestVectors.Table(rows, 16);
        using var index = Build(table, SimilarityMetric.Cosine, m: 8);
        int[] lost = [.. Enumerable.Range(0, 1500).Where(item => item % 50 == 7 && item != index.Graph.EntryItem)];
        GraphChecker.CutOff(index, lost);

        var before = index.Probe(new ItemOrdinal(0), int.MaxValue, TestContext.Current.CancellationToken);
        Assert.Equal(lost.Length, index.Repair(TestContext.Current.CancellationToken));

        Assert.True(before.Missed >= lost.Length / 2);
        GraphChecker.AssertSound(index);
        Assert.Equal(new ProbeResult(1500, 0), index.Probe(new ItemOrdinal(0), int.MaxValue, TestContext.Current.CancellationToken));
        Assert.Equal(0, index.Repair(TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Insert_UnfitVector_IsRefusedAndChangesNothing()
    {
        using var table = TestVectors.Table(TestVectors.Clustered(5, 4, seed: 1), 4);
        using var index = Build(table, SimilarityMetric.Cosine, m: 4);
        Assert.Throws<ArgumentException>(() => index.Insert([1, 2, 3]));
        Assert.Throws<ArgumentException>(() => index.Insert([1, 2, float.NaN, 4]));
        Assert.Equal(5, index.Items);
    }

    [Fact]
    public void Delete_OrdinalThatWasNotGiven_SaysSo()
    {
        using var table = TestVectors.Table(TestVectors.Clustered(5, 4, seed: 1), 4);
        using var index = Build(table, SimilarityMetric.Cosine, m: 4);
        Assert.False(index.Delete(new ItemOrdinal(5)));
        Assert.False(index.Delete(new ItemOrdinal(-1)));
        Assert.Equal(5, index.Count);
    }

    [Fact]
    public void CopyVector_OfTableAndInserted_GivesWhatWentIn()
    {
        var rows = TestVectors.Clustered(6, 4, seed: 1);
        using var table = TestVectors.Table(rows[..5], 4);
        using var index = Build(table, SimilarityMetric.Cosine, m: 4);
        index.Insert(rows[5]);
        var vector = new float[4];
        for (var i = 0; i < 6; i++)
        {
            index.CopyVector(new ItemOrdinal(i), vector);
            Assert.Equal(rows[i], vector);
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => index.CopyVector(new ItemOrdinal(6), vector));
    }

    [Theory]
    [MemberData(nameof(Metrics))]
    public async Task Search_EightReadersBesideOneWriter_AnswerOnlyWhatWasThere(SimilarityMetric metric)
    {
        var rows = TestVectors.Clustered(3000, 16, seed: 21);
        using var table = TestVectors.Table(rows[..500], 16);
        using var index = Build(table, metric, m: 6);
        // Items of the first half are never deleted: an answer must always hold the query's own row.
        var stop = false;
        var searches = 0;
        var readers = Enumerable.Range(0, 8).Select(r => Task.Factory.StartNew(
            () =>
            {
                var results = new Neighbor[10];
                var random = new Random(r);
                while (!Volatile.Read(ref stop) || Volatile.Read(ref searches) < 400)
                {
                    var query = rows[random.Next(250)];
                    var before = index.Items;
                    var found = index.Search(query, new SearchParameters(10, 64), results, TestContext.Current.CancellationToken);
                    Assert.Equal(10, found);
                    Assert.Equal(10, results.Select(n => n.Item).Distinct().Count());
                    for (var i = 0; i < found; i++)
                    {
                        Assert.InRange(results[i].Item.Value, 0, index.Items - 1);
                        var expected = Oracle.Score(metric, query, rows[results[i].Item.Value]);
                        Assert.Equal(expected, results[i].Score, 10 * Oracle.Tolerance(expected));
                        if (i > 0) Assert.True(results[i].Score <= results[i - 1].Score);
                    }
                    Assert.True(index.Items >= before);
                    Interlocked.Increment(ref searches);
                }
            },
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)).ToArray();

        var choice = new Random(5);
        for (var i = 500; i < rows.Count; i++)
        {
            index.Insert(rows[i]);
            if (i % 2 == 0) index.Delete(new ItemOrdinal(250 + choice.Next(index.Items - 250)));
        }
        Volatile.Write(ref stop, true);
        await Task.WhenAll(readers);
        GraphChecker.AssertSound(index);
        Assert.True(searches >= 400);
    }

    private static HnswIndex Build(VectorTable table, SimilarityMetric metric, int m) =>
        HnswIndex.Build(table, metric, new HnswOptions { M = m, EfConstruction = 64, BuildThreads = 2 }, cancellationToken: TestContext.Current.CancellationToken);

    private static void AssertAnswersLiveOnly(HnswIndex index, List<float[]> rows, SortedSet<int> live, Random random)
    {
        var results = new Neighbor[live.Count + 3];
        var query = rows[random.Next(rows.Count)];
        var found = index.Search(query, new SearchParameters(results.Length), results, TestContext.Current.CancellationToken);
        Assert.Equal(live, results[..found].Select(n => n.Item.Value).Order());
        var k = Math.Min(5, live.Count);
        if (k == 0) return;
        found = index.Search(query, new SearchParameters(k), results, TestContext.Current.CancellationToken);
        Assert.Equal(k, found);
        Assert.All(results[..k], n => Assert.Contains(n.Item.Value, live));
    }

    private static double Recall(HnswIndex index, List<float[]> rows, float[] query, Func<int, bool> accepts)
    {
        var results = new Neighbor[10];
        var found = index.Search(query, new SearchParameters(10, 32), results, TestContext.Current.CancellationToken);
        return Oracle.Recall(index.Metric, query, rows, results.AsSpan(0, found), 10, accepts);
    }
}
