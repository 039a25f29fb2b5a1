using EmbeddingGrpc.FunctionalTests.Harness;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.FunctionalTests.Recall;

/// <summary>A daemon that was never trained answers users by what it has: the catalogue, what is popular, what followed what.</summary>
public sealed class FirstDayTests : IDisposable
{
    private readonly TemporaryDirectory _data = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Recall_FromAnEmptyDaemonToATrainedOne_IsNeverEmptyAndSaysWhatItIsMadeOf()
    {
        await using (var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, ShoppingWorld.Settings))
        {
            await RpcAssert.ReasonAsync(StatusCode.FailedPrecondition, "NO_GENERATION", () => AskAsync(daemon, "stranger", 0));

            var items = new UpsertItemsRequest { Items = { new Item { ItemId = "first" }, new Item { ItemId = "second" } } };
            var catalogued = await daemon.Catalog.UpsertItemsAsync(items, cancellationToken: Cancel);
            await UntilLoadedAsync(daemon, catalogued.LogOffset);
            var shelf = await AskAsync(daemon, "stranger", catalogued.LogOffset);
            Assert.Equal((RecallBasis.Catalog, ""), (shelf.Basis, shelf.GenerationId));
            Assert.Equal(["second", "first"], shelf.Candidates.Select(c => c.ItemId));

            await daemon.AppendAsync(ShoppingWorld.Interactions, Cancel);
            var offset = (await daemon.GetModelAsync(Cancel)).DurableOffset;
            // Popularity is ranked at most once a second, and was when there was none.
            await Eventually.TrueAsync("something is popular", async () => (await AskAsync(daemon, "stranger", offset)).Basis == RecallBasis.Popular, Cancel);
            var graph = await AskAsync(daemon, ShoppingWorld.User("tools", 5), offset);
            Assert.Equal((RecallBasis.Graph, 10), (graph.Basis, graph.Candidates.Count));
            Assert.StartsWith("tools", graph.Candidates[0].ItemId, StringComparison.Ordinal);
            await daemon.StopAsync(Cancel);
        }

        // What is on disk answers likewise after a start, once it is applied.
        await using (var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, ShoppingWorld.Settings))
        {
            var offset = (await daemon.GetModelAsync(Cancel)).DurableOffset;
            await UntilLoadedAsync(daemon, offset);
            Assert.Equal(RecallBasis.Popular, (await AskAsync(daemon, "stranger", offset)).Basis);
            var generation = await daemon.TrainAsync(Cancel);
            var trained = await AskAsync(daemon, ShoppingWorld.User("tools", 5), offset);
            Assert.Equal((RecallBasis.Embedding, generation.Id), (trained.Basis, trained.GenerationId));
        }
    }

    private static Task UntilLoadedAsync(DaemonProcess daemon, ulong offset) => Eventually.TrueAsync(
        "the daemon has looked for generations",
        async () =>
        {
            try
            {
                return (await AskAsync(daemon, "stranger", offset)).Candidates.Count > 0;
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.FailedPrecondition)
            {
                return false;
            }
        },
        Cancel);

    private static Task<RecallResponse> AskAsync(DaemonProcess daemon, string user, ulong offset) => daemon.Recall.RecallAsync(
        new RecallRequest { User = new UserQuery { UserId = user }, MinimumOffset = offset }, cancellationToken: Cancel).ResponseAsync;
}
