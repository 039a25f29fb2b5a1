using System.Globalization;
using Google.Protobuf;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>Says of bytes that are no message what is wrong with them, where the gRPC library says only that something failed. Stateless.</summary>
/// <remarks>
/// Of a unary request in the response's headers (<see cref="UnreadRequests"/>). The library must tell the exception there for that, which is then told to nobody else.
/// </remarks>
internal static class MalformedMessage
{
    private const string LibraryDetail = "Exception was thrown by handler.";

    private static readonly string Unknown = ((int)StatusCode.Unknown).ToString(CultureInfo.InvariantCulture);

    /// <summary>The precise error where a request could not be parsed; null for any other.</summary>
    public static RpcException? Explain(Exception failure) => failure is InvalidProtocolBufferException ? Error(failure.Message) : null;

    /// <summary>Explains in the headers of a response that has not started.</summary>
    /// <param name="response">The response.</param>
    /// <param name="status">What its headers tell.</param>
    public static void Explain(HttpResponse response, string status)
    {
        if (status != Unknown) return;
        var headers = response.Headers;
        var detail = Uri.UnescapeDataString(headers[GrpcHeaders.Message].ToString());
        if (!detail.StartsWith(LibraryDetail, StringComparison.Ordinal)) return;
        const string parsing = $" {nameof(InvalidProtocolBufferException)}: ";
        var place = detail.IndexOf(parsing, StringComparison.Ordinal);
        var error = place >= 0 ? Error(detail[(place + parsing.Length)..]) : RpcErrors.Internal($"The daemon failed on this call; its log says why under id {response.HttpContext.TraceIdentifier}.");
        headers[GrpcHeaders.Status] = ((int)error.StatusCode).ToString(CultureInfo.InvariantCulture);
        headers[GrpcHeaders.Message] = Uri.EscapeDataString(error.Status.Detail);
        if (error.Trailers.GetValueBytes(GrpcHeaders.Details) is { } details) headers[GrpcHeaders.Details] = Convert.ToBase64String(details);
    }

    private static RpcException Error(string reason) =>
        RpcErrors.InvalidArgument("(message)", $"cannot be parsed as the protobuf message that this method takes: {reason}");
}
