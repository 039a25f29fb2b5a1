using System.Text.Json.Nodes;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Microsoft.OpenApi;

namespace EmbeddingGrpc.Server.Rest;

/// <summary>Schemas of messages in protobuf's JSON form, each described once among the document's components.</summary>
internal sealed class MessageSchemas(OpenApiDocument document)
{
    // What RpcErrors makes.
    private static readonly MessageDescriptor[] Details = [BadRequest.Descriptor, ResourceInfo.Descriptor, ErrorInfo.Descriptor, RetryInfo.Descriptor];

    /// <summary>The schema of a detail of an error, which is the one thing that the API carries whose type a value names itself.</summary>
    public OpenApiSchema OfErrorDetail() => new()
    {
        Type = JsonSchemaType.Object,
        Description = "@type says which of these it is.",
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["@type"] = new OpenApiSchema { Type = JsonSchemaType.String, Enum = [.. Details.Select(detail => (JsonNode)$"type.googleapis.com/{detail.FullName}")] },
        },
        AnyOf = [.. Details.Select(Of)],
    };

    /// <summary>A reference to a message's schema.</summary>
    public IOpenApiSchema Of(MessageDescriptor message)
    {
        if (message.FullName == Any.Descriptor.FullName) return OfErrorDetail();
        if (WellKnown(message) is { } known) return known;
        if (document.Components?.Schemas?.ContainsKey(message.Name) != true)
        {
            var schema = new OpenApiSchema { Type = JsonSchemaType.Object, Description = ApiFiles.CommentOf(message), Properties = new Dictionary<string, IOpenApiSchema>() };
            // Before its fields: a message may hold itself.
            document.AddComponent<IOpenApiSchema>(message.Name, schema);
            foreach (var field in message.Fields.InDeclarationOrder()) schema.Properties.Add(field.JsonName, Of(field));
        }

        return new OpenApiSchemaReference(message.Name, document);
    }

    /// <summary>The schema of one field, with what its comment says.</summary>
    public IOpenApiSchema Of(FieldDescriptor field)
    {
        if (field.IsMap) return Described(new OpenApiSchema { Type = JsonSchemaType.Object, AdditionalProperties = OfValue(field.MessageType.FindFieldByNumber(2)) }, field);
        if (field.IsRepeated) return Described(new OpenApiSchema { Type = JsonSchemaType.Array, Items = OfValue(field) }, field);
        return OfValue(field) switch
        {
            OpenApiSchema own => Described(own, field),
            OpenApiSchemaReference reference => new OpenApiSchemaReference(reference.Reference.Id!, document) { Description = DescriptionOf(field) },
            var other => other,
        };
    }

    private IOpenApiSchema OfValue(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Message => Of(field.MessageType),
        FieldType.Enum => Of(field.EnumType),
        FieldType.Bool => new OpenApiSchema { Type = JsonSchemaType.Boolean },
        FieldType.String => new OpenApiSchema { Type = JsonSchemaType.String },
        FieldType.Bytes => new OpenApiSchema { Type = JsonSchemaType.String, Format = "byte" },
        FieldType.Float => new OpenApiSchema { Type = JsonSchemaType.Number, Format = "float" },
        FieldType.Double => new OpenApiSchema { Type = JsonSchemaType.Number, Format = "double" },
        FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int32" },
        FieldType.UInt32 or FieldType.Fixed32 => new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64", Minimum = "0" },
        // JSON numbers are doubles to many readers: 64-bit integers are text, so that none loses a digit.
        FieldType.UInt64 or FieldType.Fixed64 => new OpenApiSchema { Type = JsonSchemaType.String, Format = "uint64" },
        _ => new OpenApiSchema { Type = JsonSchemaType.String, Format = "int64" },
    };

    private OpenApiSchemaReference Of(EnumDescriptor type)
    {
        if (document.Components?.Schemas?.ContainsKey(type.Name) != true)
        {
            document.AddComponent<IOpenApiSchema>(type.Name, new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Description = ApiFiles.CommentOf(type),
                Enum = [.. type.Values.Select(value => (JsonNode)value.Name)],
            });
        }

        return new OpenApiSchemaReference(type.Name, document);
    }

    private static OpenApiSchema? WellKnown(MessageDescriptor message)
    {
        if (message.FullName == Timestamp.Descriptor.FullName) return new OpenApiSchema { Type = JsonSchemaType.String, Format = "date-time" };
        if (message.FullName == Duration.Descriptor.FullName) return new OpenApiSchema { Type = JsonSchemaType.String, Format = "duration" };
        return null;
    }

    private static OpenApiSchema Described(OpenApiSchema schema, FieldDescriptor field)
    {
        schema.Description = DescriptionOf(field);
        return schema;
    }

    private static string? DescriptionOf(FieldDescriptor field)
    {
        var comment = ApiFiles.CommentOf(field);
        if (field.RealContainingOneof is not { } choice) return comment;
        var alternatives = string.Join(", ", choice.Fields.Select(f => f.JsonName));
        return $"{comment} Exactly one of {alternatives}.".TrimStart();
    }
}
