using System.Globalization;
using EmbeddingGrpc.Server.Hosting;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>Says of a message that is too large what the limit is, which the gRPC library knows but does not tell. Thread-safe.</summary>
/// <remarks>Of a unary request in the response's headers (<see cref="UnreadRequests"/>); a stream's error comes out of the call and is translated like any other.</remarks>
public sealed class MessageSize(DaemonOptions options)
{
    private const string LibraryDetail = "Received message exceeds the maximum configured message size.";

    private static readonly string ResourceExhausted = ((int)StatusCode.ResourceExhausted).ToString(CultureInfo.InvariantCulture);

    /// <summary>The precise error where an error says that a message was too large; null for any other.</summary>
    public RpcException? Explain(Exception failure) =>
        failure is RpcException { StatusCode: StatusCode.ResourceExhausted, Status.Detail: LibraryDetail } ? TooLarge() : null;

    /// <summary>Explains in the headers of a response that has not started.</summary>
    /// <param name="headers">The response's.</param>
    /// <param name="status">What they tell.</param>
    internal void Explain(IHeaderDictionary headers, string status)
    {
        // The library percent-encodes what it sends.
        if (status != ResourceExhausted || Uri.UnescapeDataString(headers[GrpcHeaders.Message].ToString()) != LibraryDetail) return;
        var error = TooLarge();
        headers[GrpcHeaders.Message] = Uri.EscapeDataString(error.Status.Detail);
        headers[GrpcHeaders.Details] = Convert.ToBase64String(error.Trailers.GetValueBytes(GrpcHeaders.Details)!);
    }

    /// <summary>The error of a message that is too large.</summary>
    public RpcException TooLarge() => RpcErrors.ResourceExhausted(
        "MESSAGE_TOO_LARGE",
        $"The message is larger than the {options.MaximumMessageBytes} bytes that this daemon takes; split it, or raise EmbeddingGrpc:MaximumMessageBytes.");
}
