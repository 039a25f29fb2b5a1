using EmbeddingGrpc.Server.Grpc;
using Grpc.AspNetCore.Server;

namespace EmbeddingGrpc.Server.Rest;

/// <summary>The unary calls as JSON over HTTP, and their description.</summary>
internal static class RestRegistration
{
    private const string DocumentName = "v1";

    /// <summary>Lets the gRPC services be called as their <c>google.api.http</c> annotations say.</summary>
    public static IServiceCollection AddRest(this IServiceCollection services, IGrpcServerBuilder grpc)
    {
        grpc.AddJsonTranscoding(rest =>
        {
            // Without these the details of an error cannot be written, and every refusal would be a 500.
            rest.TypeRegistry = RestErrors.Details;
            // As protobuf's JSON form has it: a JSON number is a double to many readers, and an offset would lose its last digits.
            rest.JsonSettings.WriteInt64sAsStrings = true;
        });
        services.AddSingleton<RequestGuard>();
        return services.AddOpenApi(DocumentName, options => options.AddDocumentTransformer<ApiDocument>());
    }

    /// <summary>Maps what stands around the calls themselves: <c>/openapi/v1.json</c>, and an answer for a path that is no call.</summary>
    public static void MapRest(this WebApplication app)
    {
        app.Use(app.Services.GetRequiredService<RequestGuard>().InvokeAsync);
        app.MapOpenApi("/openapi/{documentName}.json");
        app.MapFallback("/v1/{**path}", context => RestErrors.WriteAsync(
            context,
            StatusCodes.Status404NotFound,
            RpcErrors.NotFound("path", context.Request.Path, $"There is no {context.Request.Method} {context.Request.Path}; /openapi/{DocumentName}.json lists the calls.")))
            .ExcludeFromDescription();
    }
}
