using EmbeddingGrpc.Server.Models.FoldIn;
using static EmbeddingGrpc.Server.Tests.Models.FoldIn.FoldInModel;

namespace EmbeddingGrpc.Server.Tests.Models.FoldIn;

/// <summary>New items from the log into the serving generation, in a real model.</summary>
public sealed class FoldInTests : IDisposable
{
    private readonly TemporaryDirectory _temporary = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(2000)]
    [InlineData(0)]
    public async Task Ingest_NewItemAmongACamp_IsSimilarToThatCampAndRecalledFromIt(int exactSearchBelow)
    {
        await using var model = await TrainedAsync(_temporary.Path, exactSearchBelow);

        await model.AppendAsync(Visits("new", camp: 0, visits: 3));
        await FoldedInAsync(model, "new");

        model.Runtime.Generations.TryLease(out var lease);
        using (lease)
        {
            var generation = lease.Generation;
            Assert.True(generation.TryGetOrdinal("new", out var item));
            Assert.True(generation.IsCold(item));
            Assert.Equal((2 * ItemsOfCamp) + 1, generation.ItemCount);
            var query = new float[generation.Similarity.Dimension];
            generation.SimilarityQuery(item, query);
            var similar = Ids(generation, generation.Similar, query, 11).Where(id => id != "new").ToList();
            Assert.True(similar.Count(id => id.StartsWith("camp0-", StringComparison.Ordinal)) >= 9, string.Join(' ', similar));
            // What users of the camp do next may now be the new item, and what users of the other camp do is not.
            Assert.Contains("new", Ids(generation, generation.Next, generation.InputOf(Ordinal(generation, "camp0-1")), ItemsOfCamp + 1));
            Assert.DoesNotContain("new", Ids(generation, generation.Next, generation.InputOf(Ordinal(generation, "camp1-1")), ItemsOfCamp / 2));
        }
    }

    [Fact]
    public async Task Ingest_MoreContexts_RefinesTheItemInItsPlace()
    {
        await using var model = await TrainedAsync(_temporary.Path, exactSearchBelow: 0);
        await model.AppendAsync(Visits("new", camp: 0, visits: 1));
        await FoldedInAsync(model, "new");
        var first = Vector(model, "new");

        await model.AppendAsync(Visits("new", camp: 0, visits: 40, firstUser: 1000));
        await Eventually.UntilAsync(() => !Vector(model, "new").SequenceEqual(first));

        model.Runtime.Generations.TryLease(out var lease);
        using (lease)
        {
            await Eventually.UntilAsync(() => !lease.Generation.Folder!.HasWork && lease.Generation.Folder.FoldedOffset == model.Runtime.Applier.AppliedOffset);
            Assert.Equal((2 * ItemsOfCamp) + 1, lease.Generation.ItemCount);
            var all = Ids(lease.Generation, lease.Generation.Similar, lease.Generation.SimilarityOf(Ordinal(lease.Generation, "new")), 2 * ItemsOfCamp);
            Assert.Single(all, id => id == "new");
            Assert.Equal("new", all[0]);
        }
    }

    [Fact]
    public async Task FoldIn_Always_LeavesEveryOtherVectorAlone()
    {
        await using var model = await TrainedAsync(_temporary.Path, exactSearchBelow: 2000);
        var before = Vector(model, "camp0-3");

        await model.AppendAsync(Visits("new", camp: 0, visits: 20));
        await FoldedInAsync(model, "new");

        Assert.Equal(before, Vector(model, "camp0-3"));
    }

    [Fact]
    public async Task FoldIn_SwitchedOff_LeavesNewItemsForTheNextTraining()
    {
        await using var model = await TrainedAsync(_temporary.Path, exactSearchBelow: 2000, new FoldInOptions { Enabled = false });
        await model.AppendAsync(Visits("new", camp: 0, visits: 3));
        await model.Runtime.Applier.WaitForAppliedAsync(model.Runtime.Log.DurableOffset, Cancellation);

        Assert.Equal(0, model.Runtime.Generations.FoldedItems);
        Assert.Equal((2 * ItemsOfCamp) + 1, (await model.TrainAsync()).Generation.ItemCount);
    }

    [Fact]
    public async Task FoldIn_BeyondTheLimit_TakesNoMoreItems()
    {
        await using var model = await TrainedAsync(_temporary.Path, exactSearchBelow: 2000, new FoldInOptions { MaximumItems = 2 });

        for (var item = 0; item < 5; item++) await model.AppendAsync(Visits($"new-{item}", camp: 0, visits: 2, firstUser: 900 + (item * 10)));
        // Everything was looked at, which settles who is taken in; the last one's vectors may be made a moment later.
        await Eventually.UntilAsync(() => FoldedOffset(model) == model.Runtime.Log.DurableOffset.Value);
        await Eventually.UntilAsync(() => model.Runtime.Generations.FoldedItems >= 2);

        Assert.Equal(2, model.Runtime.Generations.FoldedItems);
    }

    [Fact]
    public async Task FoldIn_ManyNewItems_AreNotInListsThatTheyHaveNothingToDoWith()
    {
        await using var model = await TrainedAsync(_temporary.Path, exactSearchBelow: 0);
        for (var item = 0; item < 30; item++) await model.AppendAsync(Visits($"new-{item}", camp: 0, visits: 3, firstUser: 1000 + (10 * item)));
        await Eventually.UntilAsync(() => model.Runtime.Generations.FoldedItems == 30);

        model.Runtime.Generations.TryLease(out var lease);
        using (lease)
        {
            // All of them belong to camp 0; of the lists of camp 1 they may have as much as their share of the items, twice at most.
            var generation = lease.Generation;
            var lists = Enumerable.Range(0, ItemsOfCamp).Select(item => Ordinal(generation, $"camp1-{item}")).ToList();
            var next = lists.SelectMany(item => Ids(generation, generation.Next, generation.InputOf(item), 50)).ToList();
            var similar = lists.SelectMany(item =>
            {
                var query = new float[generation.Similarity.Dimension];
                generation.SimilarityQuery(item, query);
                return Ids(generation, generation.Similar, query, 50);
            }).ToList();
            var share = 30.0 / generation.ItemCount;
            Assert.InRange(next.Count(id => id.StartsWith("new-", StringComparison.Ordinal)) / (double)next.Count, 0, 2 * share);
            Assert.InRange(similar.Count(id => id.StartsWith("new-", StringComparison.Ordinal)) / (double)similar.Count, 0, 2 * share);
        }
    }

    public void Dispose() => _temporary.Dispose();

    private static long FoldedOffset(TestModel model)
    {
        model.Runtime.Generations.TryLease(out var lease);
        using (lease) return lease.Generation.Folder!.FoldedOffset.Value;
    }
}
