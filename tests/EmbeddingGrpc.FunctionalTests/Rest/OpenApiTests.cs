using EmbeddingGrpc.FunctionalTests.Harness;
using EmbeddingGrpc.Protocol.V1;
using Microsoft.OpenApi;

namespace EmbeddingGrpc.FunctionalTests.Rest;

/// <summary>The description of the REST API is valid, whole, and made of the API's own messages.</summary>
public sealed class OpenApiTests : IAsyncLifetime
{
    private static readonly string[] InteractionTypeNames = [.. Interaction.Descriptor.FindFieldByName("type").EnumType.Values.Select(value => value.Name)];

    private readonly TemporaryDirectory _data = new();
    private OpenApiDocument _document = null!;

    public async ValueTask InitializeAsync()
    {
        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, TestContext.Current.CancellationToken);
        var json = await daemon.Http.GetStringAsync("/openapi/v1.json", TestContext.Current.CancellationToken);
        var read = OpenApiDocument.Parse(json, OpenApiConstants.Json);
        Assert.Empty(read.Diagnostic!.Errors);
        _document = read.Document!;
    }

    public ValueTask DisposeAsync()
    {
        _data.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public void Operations_AreTheUnaryCalls()
    {
        var described = _document.Paths.Values.SelectMany(path => path.Operations!.Values).Select(operation => operation.OperationId).ToHashSet();
        var unary = new[] { EventService.Descriptor, RecallService.Descriptor, ModelService.Descriptor }
            .SelectMany(service => service.Methods).Where(method => !method.IsClientStreaming && !method.IsServerStreaming).Select(method => method.Name);
        Assert.Empty(unary.Except(described));
    }

    [Fact]
    public void Operations_HaveUniqueIdsAndSaySomething()
    {
        var operations = _document.Paths.Values.SelectMany(path => path.Operations!.Values).ToList();
        Assert.Equal(operations.Count, operations.Select(operation => operation.OperationId).Distinct().Count());
        Assert.All(operations, operation => Assert.False(string.IsNullOrWhiteSpace(operation.Description)));
    }

    [Fact]
    public void Schema_OfARequest_HasTheFieldsOfTheMessage()
    {
        var schema = _document.Components!.Schemas![nameof(RecallRequest)];
        Assert.Equal(
            RecallRequest.Descriptor.Fields.InDeclarationOrder().Select(field => field.JsonName).Order(),
            schema.Properties!.Keys.Order());
        Assert.Equal(JsonSchemaType.Integer, schema.Properties["k"].Type);
        Assert.Equal(JsonSchemaType.Array, schema.Properties["excludeItemIds"].Type);
        Assert.Contains("Exactly one of item, user, session, vector", schema.Properties["item"].Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Schema_OfAnEnum_IsItsNames()
    {
        var schema = _document.Components!.Schemas![nameof(InteractionType)];
        Assert.Equal(JsonSchemaType.String, schema.Type);
        Assert.Equal(InteractionTypeNames, schema.Enum!.Select(name => name.GetValue<string>()));
    }

    [Fact]
    public void Schema_OfAnError_HasItsDetails()
    {
        var detail = _document.Components!.Schemas!["Error"].Properties!["details"].Items!;
        Assert.Equal(["BadRequest", "ResourceInfo", "ErrorInfo", "RetryInfo"], detail.AnyOf!.OfType<OpenApiSchemaReference>().Select(reference => reference.Reference.Id));
        var ofOneQuery = _document.Components.Schemas[nameof(RecallError)].Properties!["details"].Items!;
        Assert.Equal(detail.AnyOf!.Count, ofOneQuery.AnyOf!.Count);
        Assert.Contains("fieldViolations", _document.Components.Schemas["BadRequest"].Properties!.Keys);
    }

    [Fact]
    public void References_AllResolve()
    {
        foreach (var operation in _document.Paths.Values.SelectMany(path => path.Operations!.Values))
        {
            var bodies = operation.Responses!.Values.Select(response => response.Content).Append(operation.RequestBody?.Content);
            foreach (var media in bodies.Where(content => content is not null).SelectMany(content => content!.Values))
            {
                if (media.Schema is OpenApiSchemaReference reference) Assert.NotNull(reference.Target);
            }
        }
    }
}
