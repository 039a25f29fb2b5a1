using System.Globalization;
using EmbeddingGrpc.Server.Hosting;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>Says of a message that is too large what the limit is, which the gRPC library knows but does not tell. Thread-safe.</summary>
/// <remarks>
/// A unary request is read before any interceptor is called, so its error is rewritten where it ends up, in the response's headers; a
/// stream's comes out of the call and is translated like any other.
/// </remarks>
public sealed class MessageSize(DaemonOptions options)
{
    private const string LibraryDetail = "Received message exceeds the maximum configured message size.";
    private const string StatusHeader = "grpc-status";
    private const string MessageHeader = "grpc-message";
    private const string DetailsHeader = "grpc-status-details-bin";

    private static readonly string ResourceExhausted = ((int)StatusCode.ResourceExhausted).ToString(CultureInfo.InvariantCulture);

    /// <summary>The precise error where an error says that a message was too large; null for any other.</summary>
    public RpcException? Explain(Exception failure) =>
        failure is RpcException { StatusCode: StatusCode.ResourceExhausted, Status.Detail: LibraryDetail } ? TooLarge() : null;

    /// <summary>Middleware: explains in a response that has not started.</summary>
    public Task ExplainInHeadersAsync(HttpContext context, RequestDelegate next)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(next);
        var answering = next(context);
        if (!answering.IsCompletedSuccessfully) return AwaitAsync(context, answering);
        ExplainInHeaders(context);
        return Task.CompletedTask;
    }

    /// <summary>The error of a message that is too large.</summary>
    public RpcException TooLarge() => RpcErrors.ResourceExhausted(
        "MESSAGE_TOO_LARGE",
        $"The message is larger than the {options.MaximumMessageBytes} bytes that this daemon takes; split it, or raise EmbeddingGrpc:MaximumMessageBytes.");

    private async Task AwaitAsync(HttpContext context, Task answering)
    {
        await answering;
        ExplainInHeaders(context);
    }

    private void ExplainInHeaders(HttpContext context)
    {
        var headers = context.Response.Headers;
        if (context.Response.HasStarted || headers[StatusHeader] != ResourceExhausted) return;
        // The library percent-encodes what it sends.
        if (Uri.UnescapeDataString(headers[MessageHeader].ToString()) != LibraryDetail) return;
        var error = TooLarge();
        headers[MessageHeader] = Uri.EscapeDataString(error.Status.Detail);
        headers[DetailsHeader] = Convert.ToBase64String(error.Trailers.GetValueBytes(DetailsHeader)!);
    }
}
