using System.Globalization;
using Google.Protobuf;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>Says of bytes that are no message what is wrong with them, where the gRPC library says only that something failed. Stateless.</summary>
/// <remarks>
/// As with <see cref="MessageSize"/>: a unary request is read before any interceptor is called, so its error is rewritten in the response's headers. The
/// library must tell the exception there for that, which is then told to nobody else.
/// </remarks>
internal static class MalformedMessage
{
    private const string LibraryDetail = "Exception was thrown by handler.";
    private const string StatusHeader = "grpc-status";
    private const string MessageHeader = "grpc-message";
    private const string DetailsHeader = "grpc-status-details-bin";

    private static readonly string Unknown = ((int)StatusCode.Unknown).ToString(CultureInfo.InvariantCulture);

    /// <summary>The precise error where a request could not be parsed; null for any other.</summary>
    public static RpcException? Explain(Exception failure) => failure is InvalidProtocolBufferException ? Error(failure.Message) : null;

    /// <summary>Middleware: explains in a response that has not started.</summary>
    public static Task ExplainInHeadersAsync(HttpContext context, RequestDelegate next)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(next);
        var answering = next(context);
        if (!answering.IsCompletedSuccessfully) return AwaitAsync(context, answering);
        ExplainInHeaders(context);
        return Task.CompletedTask;
    }

    private static async Task AwaitAsync(HttpContext context, Task answering)
    {
        await answering;
        ExplainInHeaders(context);
    }

    private static void ExplainInHeaders(HttpContext context)
    {
        var headers = context.Response.Headers;
        if (context.Response.HasStarted || headers[StatusHeader] != Unknown) return;
        var detail = Uri.UnescapeDataString(headers[MessageHeader].ToString());
        if (!detail.StartsWith(LibraryDetail, StringComparison.Ordinal)) return;
        const string parsing = $" {nameof(InvalidProtocolBufferException)}: ";
        var place = detail.IndexOf(parsing, StringComparison.Ordinal);
        var error = place >= 0 ? Error(detail[(place + parsing.Length)..]) : RpcErrors.Internal($"The daemon failed on this call; its log says why under id {context.TraceIdentifier}.");
        headers[StatusHeader] = ((int)error.StatusCode).ToString(CultureInfo.InvariantCulture);
        headers[MessageHeader] = Uri.EscapeDataString(error.Status.Detail);
        if (error.Trailers.GetValueBytes(DetailsHeader) is { } details) headers[DetailsHeader] = Convert.ToBase64String(details);
    }

    private static RpcException Error(string reason) =>
        RpcErrors.InvalidArgument("(message)", $"cannot be parsed as the protobuf message that this method takes: {reason}");
}
