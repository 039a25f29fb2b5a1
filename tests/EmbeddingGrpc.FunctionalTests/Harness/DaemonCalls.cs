using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.FunctionalTests.Harness;

/// <summary>What most tests do before they come to their point.</summary>
internal static class DaemonCalls
{
    /// <summary>Appends interactions without numbers and returns when they are on disk.</summary>
    public static async Task AppendAsync(this DaemonProcess daemon, IEnumerable<Interaction> interactions, CancellationToken cancellationToken)
    {
        foreach (var chunk in interactions.Chunk(1000))
        {
            var request = new AppendEventsRequest();
            foreach (var interaction in chunk) request.Interactions.Add(new Interaction(interaction) { Number = 0 });
            var response = await daemon.Events.AppendEventsAsync(request, cancellationToken: cancellationToken);
            Assert.Empty(response.Rejected);
        }
    }

    /// <summary>Trains the default model and returns the generation that then serves.</summary>
    public static async Task<Generation> TrainAsync(this DaemonProcess daemon, CancellationToken cancellationToken)
    {
        using var call = daemon.Models.TrainModel(new TrainModelRequest(), cancellationToken: cancellationToken);
        TrainModelResponse? last = null;
        await foreach (var response in call.ResponseStream.ReadAllAsync(cancellationToken)) last = response;
        Assert.Equal(TrainModelResponse.EventOneofCase.Result, last?.EventCase);
        return last!.Result.Generation;
    }

    /// <summary>Streams the shopping world in and trains on it.</summary>
    public static async Task<Generation> LearnShoppingAsync(this DaemonProcess daemon, CancellationToken cancellationToken)
    {
        await daemon.AppendAsync(ShoppingWorld.Interactions, cancellationToken);
        return await daemon.TrainAsync(cancellationToken);
    }

    /// <summary>Waits until recall is answered by a warm generation.</summary>
    public static async Task WaitUntilRecallServesAsync(this DaemonProcess daemon, CancellationToken cancellationToken) =>
        await Eventually.TrueAsync("RecallService serves", async () => await daemon.ReadyAsync("RecallService", cancellationToken), cancellationToken);

    public static async Task<bool> ReadyAsync(this DaemonProcess daemon, string service, CancellationToken cancellationToken)
    {
        using var response = await daemon.Http.GetAsync($"/readyz?service={service}", cancellationToken);
        return response.IsSuccessStatusCode;
    }

    public static async Task<RecallResponse> RecallItemAsync(this DaemonProcess daemon, string itemId, CancellationToken cancellationToken, uint k = 10) =>
        await daemon.Recall.RecallAsync(new RecallRequest { Item = new ItemQuery { ItemId = itemId }, K = k }, cancellationToken: cancellationToken);

    public static async Task<Model> GetModelAsync(this DaemonProcess daemon, CancellationToken cancellationToken) =>
        (await daemon.Models.GetModelAsync(new GetModelRequest(), cancellationToken: cancellationToken)).Model;
}
