using EmbeddingGrpc.Client.Streaming;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.Client.Calls;

/// <summary>
/// Repeats an append whose interactions a producer numbers: whatever was on disk before the connection broke is ignored the second time. gRPC's own
/// retry policy knows methods, not requests, so it cannot tell this append from one that must not be repeated.
/// </summary>
internal static class NumberedAppend
{
    /// <param name="events">The stub.</param>
    /// <param name="request">With a producer.</param>
    /// <param name="options">Their deadline is that of all attempts together.</param>
    /// <param name="maximumAttempts">The first included.</param>
    /// <param name="time">The clock of the pauses.</param>
    public static async Task<AppendEventsResponse> CallAsync(
        EventService.EventServiceClient events, AppendEventsRequest request, CallOptions options, int maximumAttempts, TimeProvider time)
    {
        var backoff = new ReconnectBackoff(RetryPolicies.InitialBackoff, RetryPolicies.MaximumBackoff, Random.Shared);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await events.AppendEventsAsync(request, options);
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable && attempt < maximumAttempts)
            {
                await Task.Delay(backoff.Next(RpcErrorText.RetryDelay(e)), time, options.CancellationToken);
            }
        }
    }
}
