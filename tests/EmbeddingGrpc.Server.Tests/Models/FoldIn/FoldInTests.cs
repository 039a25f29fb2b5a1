using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Models.Exchange;
using EmbeddingGrpc.Server.Models.FoldIn;
using EmbeddingGrpc.Training.Word2vec;

namespace EmbeddingGrpc.Server.Tests.Models.FoldIn;

/// <summary>New items from the log into the serving generation, in a real model.</summary>
public sealed class FoldInTests : IDisposable
{
    private const int ItemsOfCamp = 60;
    private const long Later = 1_700_000_100_000;

    private readonly TemporaryDirectory _temporary = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(2000)]
    [InlineData(0)]
    public async Task Ingest_NewItemAmongACamp_IsSimilarToThatCampAndRecalledFromIt(int exactSearchBelow)
    {
        await using var model = await TrainedAsync(exactSearchBelow);

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
        await using var model = await TrainedAsync(exactSearchBelow: 0);
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
        await using var model = await TrainedAsync(exactSearchBelow: 2000);
        var before = Vector(model, "camp0-3");

        await model.AppendAsync(Visits("new", camp: 0, visits: 20));
        await FoldedInAsync(model, "new");

        Assert.Equal(before, Vector(model, "camp0-3"));
    }

    [Fact]
    public async Task Import_VectorsWithoutAnItemThatWasFoldedIn_ItIsRecallableWhenTheyServe()
    {
        await using var model = await TrainedAsync(exactSearchBelow: 2000);
        await model.AppendAsync(Visits("new", camp: 0, visits: 5));
        await FoldedInAsync(model, "new");

        var reader = new VectorUpload("input", Word2vecFormat.Text);
        var lines = Enumerable.Range(0, ItemsOfCamp).Select(item => $"camp0-{item} 1 0 {item * 0.001:0.000}").ToArray();
        reader.Append(System.Text.Encoding.UTF8.GetBytes($"{lines.Length} 3\n{string.Join('\n', lines)}\n"));
        var imported = await model.Runtime.ImportAsync(reader.Complete(), null, Cancellation);

        model.Runtime.Generations.TryLease(out var lease);
        using (lease)
        {
            Assert.Equal(imported.Id, lease.Generation.Id);
            Assert.True(lease.Generation.TryGetOrdinal("new", out var item), "The new generation does not know what could be recalled before.");
            Assert.True(lease.Generation.InputOf(item)[0] > 0.9f);
        }
    }

    [Fact]
    public async Task Open_NewItemsSinceTheTraining_AreFoldedInFromTheLog()
    {
        await using (var model = await TrainedAsync(exactSearchBelow: 2000))
        {
            await model.AppendAsync(Visits("new", camp: 1, visits: 3));
            await FoldedInAsync(model, "new");
        }

        await using var again = await TestModel.OpenAsync(_temporary.Path, Options(2000));
        again.Runtime.ServeStoredGeneration(Cancellation);

        await FoldedInAsync(again, "new");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Open_WhatWasFoldedInWasKept_IsNotReadFromTheLogAgainUnlessDamaged(bool isDamaged)
    {
        LogOffset trained, kept;
        await using (var model = await TrainedAsync(exactSearchBelow: 0))
        {
            trained = model.Runtime.Log.DurableOffset;
            await model.AppendAsync(Visits("new", camp: 0, visits: 3));
            await model.Runtime.WaitForFoldInAsync(model.Runtime.Log.DurableOffset, Cancellation);
            // Its contexts are new themselves.
            await model.AppendAsync(Enumerable.Range(0, 6).Select(step => new Interaction("follower", step % 2 == 0 ? "new" : "newer", InteractionType.Click, Later + 50 + step)));
            await model.Runtime.WaitForFoldInAsync(model.Runtime.Log.DurableOffset, Cancellation);
            model.Runtime.Generations.TryLease(out var lease);
            using (lease)
            {
                Assert.Equal(trained, lease.Generation.Folder!.KeptThrough);
                lease.Generation.Folder.Keep();
                Assert.Equal(kept = model.Runtime.Log.DurableOffset, lease.Generation.Folder.KeptThrough);
            }
        }

        if (isDamaged)
        {
            var path = Assert.Single(Directory.GetFiles(_temporary.Path, FoldInFile.FileName, SearchOption.AllDirectories));
            var bytes = await File.ReadAllBytesAsync(path, Cancellation);
            bytes[^20] ^= 1;
            await File.WriteAllBytesAsync(path, bytes, Cancellation);
        }

        await using var again = await TestModel.OpenAsync(_temporary.Path, Options(exactSearchBelow: 0));
        again.Runtime.ServeStoredGeneration(Cancellation);
        await again.Runtime.WaitForFoldInAsync(again.Runtime.Log.DurableOffset, Cancellation);

        again.Runtime.Generations.TryLease(out var after);
        using (after)
        {
            var generation = after.Generation;
            // It only ever rises: what is folded in from there on was not read again.
            Assert.Equal(isDamaged ? trained : kept, generation.Folder!.KeptThrough);
            // Read from the log in one go, what follows nothing but new items has no context.
            string[] found = isDamaged ? ["new"] : ["new", "newer"];
            Assert.Equal((2 * ItemsOfCamp) + found.Length, generation.ItemCount);
            foreach (var id in found)
            {
                var query = new float[generation.Similarity.Dimension];
                generation.SimilarityQuery(Ordinal(generation, id), query);
                var similar = Ids(generation, generation.Similar, query, 12).Where(other => !other.StartsWith("new", StringComparison.Ordinal)).ToList();
                Assert.True(similar.Count(other => other.StartsWith("camp0-", StringComparison.Ordinal)) >= 8, $"{id}: {string.Join(' ', similar)}");
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Serve_NothingHappensYet_TheIndexesAreReadyForTheFirstItem(bool fromDisk)
    {
        var model = await TrainedAsync(exactSearchBelow: 0);
        if (fromDisk)
        {
            await model.DisposeAsync();
            model = await TestModel.OpenAsync(_temporary.Path, Options(exactSearchBelow: 0));
            model.Runtime.ServeStoredGeneration(Cancellation);
        }

        await using (model)
        {
            model.Runtime.Generations.TryLease(out var lease);
            using (lease)
            {
                // Where a training ends it is so before the generation serves.
                if (!fromDisk) Assert.True(lease.Generation.Folder!.IsPrepared);
                await Eventually.UntilAsync(() => lease.Generation.Folder!.IsPrepared);
            }
        }
    }

    [Fact]
    public async Task FoldIn_SwitchedOff_LeavesNewItemsForTheNextTraining()
    {
        await using var model = await TrainedAsync(exactSearchBelow: 2000, new FoldInOptions { Enabled = false });
        await model.AppendAsync(Visits("new", camp: 0, visits: 3));
        await model.Runtime.Applier.WaitForAppliedAsync(model.Runtime.Log.DurableOffset, Cancellation);

        Assert.Equal(0, model.Runtime.Generations.FoldedItems);
        Assert.Equal((2 * ItemsOfCamp) + 1, (await model.TrainAsync()).Generation.ItemCount);
    }

    [Fact]
    public async Task FoldIn_BeyondTheLimit_TakesNoMoreItems()
    {
        await using var model = await TrainedAsync(exactSearchBelow: 2000, new FoldInOptions { MaximumItems = 2 });

        for (var item = 0; item < 5; item++) await model.AppendAsync(Visits($"new-{item}", camp: 0, visits: 2, firstUser: 900 + (item * 10)));
        // Everything was looked at, which settles who is taken in; the last one's vectors may be made a moment later.
        await Eventually.UntilAsync(() => FoldedOffset(model) == model.Runtime.Log.DurableOffset.Value);
        await Eventually.UntilAsync(() => model.Runtime.Generations.FoldedItems >= 2);

        Assert.Equal(2, model.Runtime.Generations.FoldedItems);
    }

    [Fact]
    public async Task FoldIn_ManyNewItems_AreNotInListsThatTheyHaveNothingToDoWith()
    {
        await using var model = await TrainedAsync(exactSearchBelow: 0);
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

    private static ModelOptions Options(int exactSearchBelow, FoldInOptions? foldIn = null) => TestModel.SmallOptions with
    {
        ExactSearchBelow = exactSearchBelow,
        FoldIn = foldIn ?? new FoldInOptions(),
        Training = TestModel.SmallOptions.Training with { Epochs = 15 },
    };

    private async Task<TestModel> TrainedAsync(int exactSearchBelow, FoldInOptions? foldIn = null)
    {
        var model = await TestModel.OpenAsync(_temporary.Path, Options(exactSearchBelow, foldIn));
        await model.AppendAsync(TestModel.Camps(users: 200, ItemsOfCamp, length: 30));
        await model.Runtime.Applier.WaitForAppliedAsync(model.Runtime.Log.DurableOffset, Cancellation);
        await model.TrainAsync();
        return model;
    }

    /// <summary>Users of their own, each with four items of a camp, the new one, and one more of the camp.</summary>
    private static IEnumerable<Interaction> Visits(string item, int camp, int visits, int firstUser = 500)
    {
        var random = new Random(firstUser);
        for (var visit = 0; visit < visits; visit++)
        {
            for (var step = 0; step < 6; step++)
            {
                var id = step == 4 ? item : $"camp{camp}-{random.Next(ItemsOfCamp)}";
                yield return new Interaction($"visitor-{firstUser + visit}", id, InteractionType.Click, Later + step);
            }
        }
    }

    private static async Task FoldedInAsync(TestModel model, string itemId) => await Eventually.UntilAsync(() =>
    {
        if (!model.Runtime.Generations.TryLease(out var lease)) return false;
        using (lease) return lease.Generation.TryGetOrdinal(itemId, out _);
    });

    private static long FoldedOffset(TestModel model)
    {
        model.Runtime.Generations.TryLease(out var lease);
        using (lease) return lease.Generation.Folder!.FoldedOffset.Value;
    }

    private static float[] Vector(TestModel model, string itemId)
    {
        model.Runtime.Generations.TryLease(out var lease);
        using (lease) return lease.Generation.InputOf(Ordinal(lease.Generation, itemId)).ToArray();
    }

    private static ItemOrdinal Ordinal(Generation generation, string itemId)
    {
        Assert.True(generation.TryGetOrdinal(itemId, out var item), itemId);
        return item;
    }

    private static List<string> Ids(Generation generation, IVectorIndex index, ReadOnlySpan<float> query, int k)
    {
        var results = new Neighbor[k];
        var found = index.Search(query, new SearchParameters(k), results, Cancellation);
        return [.. results[..found].Select(neighbor => generation.IdOf(neighbor.Item))];
    }
}
