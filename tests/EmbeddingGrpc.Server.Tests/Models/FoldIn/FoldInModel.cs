using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Models.FoldIn;

namespace EmbeddingGrpc.Server.Tests.Models.FoldIn;

/// <summary>A real model that was trained on two camps, what new users do among them, and what its serving generation knows.</summary>
internal static class FoldInModel
{
    public const int ItemsOfCamp = 60;

    /// <summary>When new users do things.</summary>
    public const long Later = 1_700_000_100_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static ModelOptions Options(int exactSearchBelow, FoldInOptions? foldIn = null) => TestModel.SmallOptions with
    {
        ExactSearchBelow = exactSearchBelow,
        FoldIn = foldIn ?? new FoldInOptions(),
        Training = TestModel.SmallOptions.Training with { Epochs = 15 },
    };

    public static async Task<TestModel> TrainedAsync(string directory, int exactSearchBelow, FoldInOptions? foldIn = null)
    {
        var model = await TestModel.OpenAsync(directory, Options(exactSearchBelow, foldIn));
        await model.AppendAsync(TestModel.Camps(users: 200, ItemsOfCamp, length: 30));
        await model.Runtime.Applier.WaitForAppliedAsync(model.Runtime.Log.DurableOffset, Cancellation);
        await model.TrainAsync();
        return model;
    }

    /// <summary>Users of their own, each with four items of a camp, the new one, and one more of the camp.</summary>
    public static IEnumerable<Interaction> Visits(string item, int camp, int visits, int firstUser = 500)
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

    public static async Task FoldedInAsync(TestModel model, string itemId) => await Eventually.UntilAsync(() =>
    {
        if (!model.Runtime.Generations.TryLease(out var lease)) return false;
        using (lease) return lease.Generation.TryGetOrdinal(itemId, out _);
    });

    public static float[] Vector(TestModel model, string itemId)
    {
        model.Runtime.Generations.TryLease(out var lease);
        using (lease) return lease.Generation.InputOf(Ordinal(lease.Generation, itemId)).ToArray();
    }

    public static ItemOrdinal Ordinal(Generation generation, string itemId)
    {
        Assert.True(generation.TryGetOrdinal(itemId, out var item), itemId);
        return item;
    }

    public static List<string> Ids(Generation generation, IVectorIndex index, ReadOnlySpan<float> query, int k)
    {
        var results = new Neighbor[k];
        var found = index.Search(query, new SearchParameters(k), results, Cancellation);
        return [.. results[..found].Select(neighbor => generation.IdOf(neighbor.Item))];
    }
}
