using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Catalog;
using EmbeddingGrpc.Server.Models.FoldIn;

namespace EmbeddingGrpc.Server.Tests.Models.FoldIn;

/// <summary>Vectors of items that only the catalogue knows, in a real model.</summary>
public sealed class AttributeFoldInTests : IDisposable
{
    private const int ItemsOfCamp = 40;
    private const long Later = 1_700_000_100_000;

    private readonly TemporaryDirectory _temporary = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(2000)]
    [InlineData(0)]
    public async Task Upsert_ItemThatNobodyTouched_IsRecalledAmongItemsOfItsKind(int exactSearchBelow)
    {
        await using var model = await TrainedAsync(exactSearchBelow);
        await UpsertAsync(model, "untouched", "camp0");

        await FoldedInAsync(model);

        model.Runtime.Generations.TryLease(out var lease);
        using (lease)
        {
            var generation = lease.Generation;
            Assert.True(generation.TryGetOrdinal("untouched", out var item));
            Assert.True(generation.IsCold(item));
            var query = new float[generation.Similarity.Dimension];
            generation.SimilarityQuery(item, query);
            var similar = FoldInModel.Ids(generation, generation.Similar, query, 11).Where(id => id != "untouched").ToList();
            Assert.True(similar.Count(id => id.StartsWith("camp0-", StringComparison.Ordinal)) >= 9, string.Join(' ', similar));
            Assert.Contains("untouched", FoldInModel.Ids(generation, generation.Next, generation.InputOf(FoldInModel.Ordinal(generation, "camp0-1")), ItemsOfCamp + 1));
            Assert.DoesNotContain("untouched", FoldInModel.Ids(generation, generation.Next, generation.InputOf(FoldInModel.Ordinal(generation, "camp1-1")), ItemsOfCamp / 2));
        }
    }

    [Fact]
    public async Task Interactions_WithAnUntouchedItem_TakeItToTheItemsItIsSeenWith()
    {
        await using var model = await TrainedAsync();
        await UpsertAsync(model, "misfiled", "camp0");
        await FoldedInAsync(model);
        var before = CampOf(model, "misfiled");

        // Filed under camp 0, and everyone who comes to it is of camp 1.
        await model.AppendAsync(Visits("misfiled", camp: 1, visits: 20));
        await FoldedInAsync(model);

        Assert.Equal((0, 1), (before, CampOf(model, "misfiled")));
        Assert.Equal((2 * ItemsOfCamp) + 1, ItemCount(model));
        // What it is now is known from what happened: another upsert does not take that back.
        await UpsertAsync(model, "misfiled", "camp0");
        await FoldedInAsync(model);
        Assert.Equal(1, CampOf(model, "misfiled"));
    }

    [Fact]
    public async Task Upsert_OtherAttributes_MovesAnUntouchedItem()
    {
        await using var model = await TrainedAsync();
        await UpsertAsync(model, "untouched", "camp0");
        await FoldedInAsync(model);
        Assert.Equal(0, CampOf(model, "untouched"));

        await UpsertAsync(model, "untouched", "camp1");
        await FoldedInAsync(model);

        Assert.Equal(1, CampOf(model, "untouched"));
        Assert.Equal((2 * ItemsOfCamp) + 1, ItemCount(model));
    }

    [Fact]
    public async Task Train_UntouchedItem_IsInTheNextGenerationWhenItServes()
    {
        await using var model = await TrainedAsync();
        await UpsertAsync(model, "untouched", "camp1");
        await FoldedInAsync(model);

        var trained = await model.TrainAsync();

        model.Runtime.Generations.TryLease(out var lease);
        using (lease)
        {
            Assert.Equal(trained.Generation.Id, lease.Generation.Id);
            Assert.True(lease.Generation.TryGetOrdinal("untouched", out var item), "The new generation does not know what could be recalled before.");
            Assert.True(lease.Generation.IsCold(item));
        }
    }

    [Fact]
    public async Task Upsert_NothingThatOthersShare_GetsNoVector()
    {
        await using var model = await TrainedAsync();
        var attributes = new Dictionary<string, AttributeValue> { ["title"] = AttributeValue.Of("nobody else's"), ["price"] = AttributeValue.Of(3.5), ["kind"] = AttributeValue.Of(["unheard of"]) };
        await model.Runtime.CatalogEditor.UpsertAsync([new CatalogItem("odd", attributes)], Cancellation);
        await UpsertAsync(model, "untouched", "camp0");

        await FoldedInAsync(model);

        model.Runtime.Generations.TryLease(out var lease);
        using (lease)
        {
            Assert.False(lease.Generation.TryGetOrdinal("odd", out _));
            Assert.True(lease.Generation.TryGetOrdinal("untouched", out _));
        }
    }

    [Fact]
    public async Task AttributeWeight_Zero_UntouchedItemsHaveNoVectors()
    {
        await using var model = await TrainedAsync(foldIn: new FoldInOptions { AttributeWeight = 0 });
        await UpsertAsync(model, "untouched", "camp0");

        await FoldedInAsync(model);

        Assert.Equal(2 * ItemsOfCamp, ItemCount(model));
    }

    [Fact]
    public async Task MaximumItems_MoreUntouchedItems_AreLeftOut()
    {
        await using var model = await TrainedAsync(foldIn: new FoldInOptions { MaximumItems = 3 });
        for (var item = 0; item < 10; item++) await UpsertAsync(model, $"untouched-{item}", "camp0");

        await FoldedInAsync(model);

        Assert.Equal((2 * ItemsOfCamp) + 3, ItemCount(model));
    }

    public void Dispose() => _temporary.Dispose();

    private async Task<TestModel> TrainedAsync(int exactSearchBelow = 2000, FoldInOptions? foldIn = null)
    {
        var options = TestModel.SmallOptions with
        {
            ExactSearchBelow = exactSearchBelow,
            FoldIn = foldIn ?? new FoldInOptions(),
            Training = TestModel.SmallOptions.Training with { Epochs = 15 },
        };
        var model = await TestModel.OpenAsync(_temporary.Path, options);
        await model.AppendAsync(TestModel.Camps(users: 200, ItemsOfCamp, length: 30));
        for (var camp = 0; camp < 2; camp++)
            for (var item = 0; item < ItemsOfCamp; item++) await UpsertAsync(model, $"camp{camp}-{item}", $"camp{camp}");
        await model.Runtime.Applier.WaitForAppliedAsync(model.Runtime.Log.DurableOffset, Cancellation);
        await model.TrainAsync();
        return model;
    }

    private static async Task UpsertAsync(TestModel model, string itemId, string kind)
    {
        var attributes = new Dictionary<string, AttributeValue>
        {
            ["kind"] = AttributeValue.Of([kind, "item"]),
            ["brand"] = AttributeValue.Of($"brand of {kind}"),
            ["title"] = AttributeValue.Of($"title of {itemId}"),
        };
        await model.Runtime.CatalogEditor.UpsertAsync([new CatalogItem(itemId, attributes)], Cancellation);
    }

    private static IEnumerable<Interaction> Visits(string item, int camp, int visits)
    {
        var random = new Random(3);
        for (var visit = 0; visit < visits; visit++)
            for (var step = 0; step < 6; step++)
                yield return new Interaction($"visitor-{visit}", step == 4 ? item : $"camp{camp}-{random.Next(ItemsOfCamp)}", InteractionType.Click, Later + step);
    }

    private static async Task FoldedInAsync(TestModel model) => await model.Runtime.WaitForFoldInAsync(model.Runtime.Log.DurableOffset, Cancellation);

    private static int ItemCount(TestModel model)
    {
        model.Runtime.Generations.TryLease(out var lease);
        using (lease) return lease.Generation.ItemCount;
    }

    /// <summary>The camp of most of an item's nearest.</summary>
    private static int CampOf(TestModel model, string itemId)
    {
        model.Runtime.Generations.TryLease(out var lease);
        using (lease)
        {
            var generation = lease.Generation;
            var query = new float[generation.Similarity.Dimension];
            generation.SimilarityQuery(FoldInModel.Ordinal(generation, itemId), query);
            var near = FoldInModel.Ids(generation, generation.Similar, query, 11).Where(id => id != itemId).ToList();
            return near.Count(id => id.StartsWith("camp0-", StringComparison.Ordinal)) > near.Count / 2 ? 0 : 1;
        }
    }
}
