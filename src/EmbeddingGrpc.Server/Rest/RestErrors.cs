using System.Net.Mime;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Rpc;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Rest;

/// <summary>Writes a refusal that was found before the call as the transcoder writes those of the call: <c>google.rpc.Status</c> as JSON.</summary>
internal static class RestErrors
{
    /// <summary>What the details of an error can be.</summary>
    public static TypeRegistry Details { get; } = TypeRegistry.FromFiles(ErrorDetailsReflection.Descriptor);

    private static readonly JsonFormatter Formatter = new(new JsonFormatter.Settings(formatDefaultValues: true, Details));

    /// <summary>Ends the request with this error.</summary>
    public static Task WriteAsync(HttpContext context, int httpStatus, RpcException error)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.Response.StatusCode = httpStatus;
        context.Response.ContentType = $"{MediaTypeNames.Application.Json}; charset=utf-8";
        return context.Response.WriteAsync(Formatter.Format(error.GetRpcStatus()), context.RequestAborted);
    }
}
