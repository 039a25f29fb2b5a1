using System.Globalization;
using System.Net;
using Google.Protobuf.Reflection;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace EmbeddingGrpc.Server.Rest;

/// <summary>Describes the REST API for <c>/openapi/v1.json</c>: every call that has an HTTP annotation, with its messages and comments.</summary>
internal sealed class ApiDocument : IOpenApiDocumentTransformer
{
    private const string Json = "application/json";
    private const string ErrorSchema = "Error";

    /// <inheritdoc/>
    public Task TransformAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(document);
        document.Info = new OpenApiInfo
        {
            Title = "EmbeddingGrpc",
            Version = "v1",
            Description = "The gRPC calls that are not streams of requests, as JSON over HTTP: protobuf's JSON form. Field names are camelCase, enums are names, "
                + "64-bit integers are strings. A call without a body is one with {}.",
        };
        document.Paths ??= [];
        var schemas = new MessageSchemas(document);
        document.AddComponent<IOpenApiSchema>(ErrorSchema, OfErrors(schemas));
        foreach (var service in ApiFiles.Services)
            foreach (var method in service.Methods)
                Describe(document, schemas, method);
        return Task.CompletedTask;
    }

    private static void Describe(OpenApiDocument document, MessageSchemas schemas, MethodDescriptor method)
    {
        var first = true;
        foreach (var binding in HttpBinding.Of(method))
        {
            if (!document.Paths.TryGetValue(binding.Path, out var item)) document.Paths.Add(binding.Path, item = new OpenApiPathItem());
            // An operation's id is unique: further ways of a call carry their verb.
            var id = first ? method.Name : $"{method.Name}By{binding.Verb.Method[..1]}{binding.Verb.Method[1..].ToLowerInvariant()}";
            ((OpenApiPathItem)item).AddOperation(binding.Verb, Operation(document, schemas, method, binding, id));
            first = false;
        }
    }

    private static OpenApiOperation Operation(OpenApiDocument document, MessageSchemas schemas, MethodDescriptor method, HttpBinding binding, string id) => new()
    {
        OperationId = id,
        Tags = new HashSet<OpenApiTagReference> { Tag(document, method.Service) },
        Description = ApiFiles.CommentOf(method),
        Parameters = [.. Parameters(schemas, method.InputType, binding)],
        RequestBody = binding.HasBody
            ? new OpenApiRequestBody { Required = true, Content = Content(schemas.Of(method.InputType)) }
            : null,
        Responses = new OpenApiResponses
        {
            [((int)HttpStatusCode.OK).ToString(CultureInfo.InvariantCulture)] = new OpenApiResponse
            {
                Description = method.IsServerStreaming ? "One JSON object a line, as they come. A call that fails after the first ends with a line that is an Error." : "Done.",
                Content = Content(schemas.Of(method.OutputType)),
            },
            ["default"] = new OpenApiResponse { Description = "Refused, with what is wrong.", Content = Content(new OpenApiSchemaReference(ErrorSchema, document)) },
        },
    };

    private static IEnumerable<IOpenApiParameter> Parameters(MessageSchemas schemas, MessageDescriptor request, HttpBinding binding)
    {
        foreach (var name in binding.PathFields)
        {
            var field = request.FindFieldByName(name);
            yield return new OpenApiParameter { Name = name, In = ParameterLocation.Path, Required = true, Description = ApiFiles.CommentOf(field), Schema = schemas.Of(field) };
        }

        if (binding.HasBody) yield break;
        foreach (var field in request.Fields.InDeclarationOrder())
        {
            if (binding.PathFields.Contains(field.Name)) continue;
            yield return new OpenApiParameter { Name = field.JsonName, In = ParameterLocation.Query, Description = ApiFiles.CommentOf(field), Schema = schemas.Of(field) };
        }
    }

    private static OpenApiTagReference Tag(OpenApiDocument document, ServiceDescriptor service)
    {
        document.Tags ??= new HashSet<OpenApiTag>();
        if (document.Tags.All(tag => tag.Name != service.Name)) document.Tags.Add(new OpenApiTag { Name = service.Name, Description = ApiFiles.CommentOf(service) });
        return new OpenApiTagReference(service.Name, document);
    }

    private static Dictionary<string, OpenApiMediaType> Content(IOpenApiSchema schema) => new() { [Json] = new OpenApiMediaType { Schema = schema } };

    // google.rpc.Status, whose details name their own type.
    private static OpenApiSchema OfErrors(MessageSchemas schemas) => new()
    {
        Type = JsonSchemaType.Object,
        Description = "Why a call was refused, as google.rpc.Status.",
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["code"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int32", Description = "The gRPC status code." },
            ["message"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "What is wrong, and what would be right." },
            ["details"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Array,
                Items = schemas.OfErrorDetail(),
            },
        },
    };
}
