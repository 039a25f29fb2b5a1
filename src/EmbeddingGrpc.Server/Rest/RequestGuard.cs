using System.Net;
using System.Net.Mime;
using System.Text.Json;
using System.Text.Unicode;
using EmbeddingGrpc.Server.Grpc;
using EmbeddingGrpc.Server.Hosting;
using Google.Protobuf.Reflection;
using Google.Rpc;
using Microsoft.AspNetCore.Grpc.JsonTranscoding;

namespace EmbeddingGrpc.Server.Rest;

/// <summary>Looks at a REST request before the transcoder does, so that what is wrong with it is named as precisely as over gRPC.</summary>
internal sealed class RequestGuard(DaemonOptions options, MessageSize size)
{
    private const string ContentType = "content-type";

    /// <summary>Refuses a request that is too large, not JSON, or not the message that the call takes; passes on any other.</summary>
    public Task InvokeAsync(HttpContext context, RequestDelegate next) =>
        context.GetEndpoint()?.Metadata.GetMetadata<GrpcJsonTranscodingMetadata>() is { } call ? GuardAsync(context, call, next) : next(context);

    private async Task GuardAsync(HttpContext context, GrpcJsonTranscodingMetadata call, RequestDelegate next)
    {
        var input = call.MethodDescriptor.InputType;
        var path = PathFields(context, input);
        var query = context.Request.Query.Select(each => KeyValuePair.Create<string, IReadOnlyList<string>>(each.Key, [.. each.Value.Select(value => value ?? "")]));
        if (QueryCheck.Violations(query, input, path) is { Count: > 0 } wrong)
            await RefuseAsync(context, StatusCodes.Status400BadRequest, wrong);
        else if (call.HttpRule.Body.Length == 0 || await PassesAsync(context, input, path))
            await next(context);
    }

    private async Task<bool> PassesAsync(HttpContext context, MessageDescriptor input, Dictionary<string, string> path)
    {
        if (await ReadBodyAsync(context) is not { } body)
        {
            await RestErrors.WriteAsync(context, StatusCodes.Status413PayloadTooLarge, size.TooLarge());
            return false;
        }

        if (body.Length == 0)
        {
            // Nothing is the message without fields, as over gRPC: a call that needs none can be made without a body.
            body.Write("{}"u8);
            context.Request.ContentType = MediaTypeNames.Application.Json;
        }

        if (!context.Request.HasJsonContentType())
        {
            var given = context.Request.ContentType is { Length: > 0 } type ? $"is '{type}'" : "is missing";
            await RefuseAsync(context, StatusCodes.Status415UnsupportedMediaType, [new() { Field = ContentType, Description = $"{given}; must be {MediaTypeNames.Application.Json}" }]);
            return false;
        }

        if (Check(body, input, path) is { Count: > 0 } violations)
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, violations);
            return false;
        }

        body.Position = 0;
        context.Request.Body = body;
        return true;
    }

    private static IReadOnlyCollection<BadRequest.Types.FieldViolation> Check(MemoryStream body, MessageDescriptor input, Dictionary<string, string> path)
    {
        var bytes = body.GetBuffer().AsMemory(0, (int)body.Length);
        if (!Utf8.IsValid(bytes.Span)) return [new() { Field = JsonCheck.Body, Description = "is not UTF-8, as JSON must be" }];
        try
        {
            using var json = JsonDocument.Parse(bytes);
            return JsonCheck.Violations(json.RootElement, input, path);
        }
        catch (JsonException e)
        {
            return [new() { Field = JsonCheck.Body, Description = $"cannot be read as JSON: {e.Message}" }];
        }
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

        return body;
    }

    private static Dictionary<string, string> PathFields(HttpContext context, MessageDescriptor input) =>
        context.Request.RouteValues
            .Where(value => value.Value is string && input.FindFieldByName(value.Key) is not null)
            .ToDictionary(value => value.Key, value => (string)value.Value!);

    private static Task RefuseAsync(HttpContext context, int httpStatus, IReadOnlyCollection<BadRequest.Types.FieldViolation> violations) =>
        RestErrors.WriteAsync(context, httpStatus, RpcErrors.InvalidArgument(violations));
}
