using System.Net;
using System.Text.Json;
using EmbeddingGrpc.Server.Grpc;
using EmbeddingGrpc.Server.Hosting;
using Google.Protobuf.Reflection;
using Google.Rpc;
using Microsoft.AspNetCore.Grpc.JsonTranscoding;

namespace EmbeddingGrpc.Server.Rest;

/// <summary>Looks at a REST request before the transcoder does, so that what is wrong with it is named as precisely as over gRPC.</summary>
internal sealed class RequestGuard(DaemonOptions options, MessageSize size)
{
    /// <summary>Refuses a request that is too large, not JSON, or not the message that the call takes; passes on any other.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<GrpcJsonTranscodingMetadata>() is not { } call)
        {
            await next(context);
            return;
        }

        var input = call.MethodDescriptor.InputType;
        if (UnknownParameters(context.Request.Query, input) is { Count: > 0 } unknown)
        {
            await RestErrors.WriteAsync(context, StatusCodes.Status400BadRequest, RpcErrors.InvalidArgument(unknown));
            return;
        }

        // Another type of content is the transcoder's to refuse.
        if (call.HttpRule.Body.Length == 0 || !context.Request.HasJsonContentType() || await PassesAsync(context, input)) await next(context);
    }

    private async Task<bool> PassesAsync(HttpContext context, MessageDescriptor input)
    {
        if (await ReadBodyAsync(context) is not { } body)
        {
            await RestErrors.WriteAsync(context, StatusCodes.Status413PayloadTooLarge, size.TooLarge());
            return false;
        }

        context.Request.Body = body;
        IReadOnlyCollection<BadRequest.Types.FieldViolation> violations;
        try
        {
            using var json = await JsonDocument.ParseAsync(body, cancellationToken: context.RequestAborted);
            violations = JsonCheck.Violations(json.RootElement, input);
        }
        catch (JsonException e)
        {
            violations = [new BadRequest.Types.FieldViolation { Field = JsonCheck.Body, Description = $"is not JSON: {e.Message}" }];
        }

        body.Position = 0;
        if (violations.Count == 0) return true;
        await RestErrors.WriteAsync(context, StatusCodes.Status400BadRequest, RpcErrors.InvalidArgument(violations));
        return false;
    }

    /// <returns>Null for a body that is larger than a message may be.</returns>
    private async Task<MemoryStream?> ReadBodyAsync(HttpContext context)
    {
        var body = new MemoryStream();
        try
        {
            if (context.Request.ContentLength > options.MaximumMessageBytes) return null;
            var chunk = new byte[16 * 1024];
            int read;
            while ((read = await context.Request.Body.ReadAsync(chunk, context.RequestAborted)) > 0)
            {
                if (body.Length + read > options.MaximumMessageBytes) return null;
                body.Write(chunk.AsSpan(0, read));
            }
        }
        catch (BadHttpRequestException e) when (e.StatusCode == (int)HttpStatusCode.RequestEntityTooLarge)
        {
            // The server's own limit came first.
            return null;
        }

        body.Position = 0;
        return body;
    }

    private static List<BadRequest.Types.FieldViolation> UnknownParameters(IQueryCollection query, MessageDescriptor input)
    {
        var fields = input.Fields.InDeclarationOrder();
        return
        [
            .. from name in query.Keys
               let first = name.Split('.')[0]
               where !fields.Any(field => field.JsonName == first || field.Name == first)
               select new BadRequest.Types.FieldViolation
               {
                   Field = name,
                   Description = $"is not a parameter of this call; it has {string.Join(", ", fields.Select(field => field.JsonName))}",
               },
        ];
    }
}
