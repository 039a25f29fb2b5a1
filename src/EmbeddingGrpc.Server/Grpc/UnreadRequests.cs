namespace EmbeddingGrpc.Server.Grpc;

/// <summary>
/// Middleware: explains why a unary request could not be read. It is read before any interceptor or method is called, so the library's error is rewritten where it ends up, in the headers of
/// a response that has not started. Thread-safe.
/// </summary>
internal sealed class UnreadRequests(MessageSize messageSize)
{
    /// <summary>Explains once the call is done.</summary>
    public Task ExplainAsync(HttpContext context, RequestDelegate next)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(next);
        var answering = next(context);
        if (!answering.IsCompletedSuccessfully) return AwaitAsync(context, answering);
        Explain(context.Response);
        return Task.CompletedTask;
    }

    private async Task AwaitAsync(HttpContext context, Task answering)
    {
        await answering;
        Explain(context.Response);
    }

    private void Explain(HttpResponse response)
    {
        // Nearly always: an answer's status comes behind it, and the response has started.
        if (response.HasStarted || response.Headers[GrpcHeaders.Status] is not [{ } status]) return;
        messageSize.Explain(response.Headers, status);
        MalformedMessage.Explain(response, status);
    }
}
