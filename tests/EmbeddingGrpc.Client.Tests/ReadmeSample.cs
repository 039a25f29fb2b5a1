using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.Client.Tests;

/// <summary>The sample of the client's README, compiled.</summary>
internal static class ReadmeSample
{
    public static async Task RunAsync(string address, TextWriter output)
    {
        // begin
        using var client = new EmbeddingClient(address); // "http://127.0.0.1:50051"; one for the whole process

        // Interactions are batched, sent again after a reconnect, and on the daemon's disk when CompleteAsync returns.
        await using var events = client.OpenEventStream(new EventStreamOptions
        {
            OnRejected = rejected => output.WriteLine($"{rejected.Number}: {rejected.Field}: {rejected.Reason}"),
        });
        await events.SendAsync(new UserInteraction("ada", "metropolis", DateTimeOffset.UtcNow));
        await events.SendAsync(new UserInteraction("ada", "nosferatu", DateTimeOffset.UtcNow) { Type = InteractionType.Purchase });
        await events.CompleteAsync();

        await client.TrainAsync();

        try
        {
            var answer = await client.RecallSimilarAsync("metropolis", k: 10);
            foreach (var candidate in answer.Candidates) output.WriteLine($"{candidate.ItemId} {candidate.Score}");
        }
        catch (RpcException e)
        {
            output.WriteLine(RpcErrorText.Describe(e)); // NOT_FOUND: Item 'metropolis' is not in generation ...
        }
        // end
    }
}
