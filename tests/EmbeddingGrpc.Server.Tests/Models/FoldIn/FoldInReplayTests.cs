using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Models.FoldIn;
using EmbeddingGrpc.Training.Evaluation;

namespace EmbeddingGrpc.Server.Tests.Models.FoldIn;

public sealed class FoldInReplayTests : IDisposable
{
    private const long Moment = 1_700_000_100_000;

    private readonly TemporaryDirectory _temporary = new();

    [Fact]
    public async Task Run_EventsAtAndAfterTheMoment_ChangeNothing()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path);
        await model.AppendAsync(TestModel.Camps(users: 60, itemsOfCamp: 10, length: 20));
        await model.TrainAsync();
        await model.AppendAsync(Visit("early", "new", Moment - 10));
        var before = await RunAsync(model);

        // The same item in the other camp, and an item of its own: from then on.
        await model.AppendAsync(Visit("late", "new", Moment, camp: 1));
        await model.AppendAsync(Visit("later", "newer", Moment + 1000));
        var after = await RunAsync(model);

        var (one, other) = (Assert.Single(before), Assert.Single(after));
        Assert.Equal("new", one.ItemId);
        Assert.Equal("new", other.ItemId);
        Assert.Equal(one.Input, other.Input);
        Assert.Equal(one.Output, other.Output);
        model.Runtime.Generations.TryLease(out var lease);
        using (lease) Assert.True(lease.Generation.ItemCount >= 20);
    }

    public void Dispose() => _temporary.Dispose();

    private static IEnumerable<Interaction> Visit(string user, string item, long time, int camp = 0) =>
    [
        new Interaction(user, $"camp{camp}-1", InteractionType.Click, time),
        new Interaction(user, $"camp{camp}-2", InteractionType.Click, time + 1),
        new Interaction(user, item, InteractionType.Click, time + 2),
    ];

    private static async Task<IReadOnlyList<EvaluatedVector>> RunAsync(TestModel model)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await model.Runtime.Applier.WaitForAppliedAsync(model.Runtime.Log.DurableOffset, cancellation);
        model.Runtime.Generations.TryLease(out var lease);
        using (lease)
        {
            return FoldInReplay.Run(
                lease.Generation, model.Runtime.Log, model.Runtime.Log.DurableOffset, Moment, model.Runtime.Items, model.Runtime.Catalog, TestModel.SmallOptions, cancellation);
        }
    }
}
