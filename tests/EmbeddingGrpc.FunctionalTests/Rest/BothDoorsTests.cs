using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using EmbeddingGrpc.FunctionalTests.Harness;
using EmbeddingGrpc.Protocol.V1;
using Google.Api;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;

namespace EmbeddingGrpc.FunctionalTests.Rest;

/// <summary>The same bad request through both doors is refused with the same words: code, message and fields at fault.</summary>
public sealed partial class BothDoorsTests(LearnedDaemon learned) : IClassFixture<LearnedDaemon>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, HttpStatusCode, string> BadRequests => new()
    {
        // Call, request, status over HTTP, and the field, resource or reason that the error names.
        { "RecallService.Recall", """{"model": "default"}""", HttpStatusCode.BadRequest, "query" },
        { "RecallService.Recall", """{"model": "default", "item": {"itemId": "books-0"}, "k": 0}""", HttpStatusCode.BadRequest, "k" },
        { "RecallService.Recall", """{"model": "default", "item": {"itemId": "books-0"}, "k": 1001}""", HttpStatusCode.BadRequest, "k" },
        { "RecallService.Recall", """{"model": "default", "item": {"itemId": ""}}""", HttpStatusCode.BadRequest, "item.item_id" },
        { "RecallService.Recall", """{"model": "default", "item": {"itemId": "a\u0000b"}}""", HttpStatusCode.BadRequest, "item.item_id" },
        { "RecallService.Recall", """{"model": "default", "user": {"userId": "a\u001bb"}}""", HttpStatusCode.BadRequest, "user.user_id" },
        { "RecallService.Recall", """{"model": "default", "session": {}}""", HttpStatusCode.BadRequest, "session.items" },
        { "RecallService.Recall", """{"model": "default", "session": {"items": [{"itemId": "books-0", "weight": "NaN"}]}}""", HttpStatusCode.BadRequest, "session.items[0].weight" },
        { "RecallService.Recall", """{"model": "default", "vector": {"values": ["NaN", 1]}}""", HttpStatusCode.BadRequest, "vector.values[0]" },
        { "RecallService.Recall", """{"model": "default", "vector": {"values": [1, 2]}}""", HttpStatusCode.BadRequest, "vector.values" },
        { "RecallService.Recall", """{"model": "default", "item": {"itemId": "books-0"}, "minimumOffset": "18446744073709551615"}""", HttpStatusCode.BadRequest, "minimum_offset" },
        { "RecallService.Recall", """{"model": "default", "item": {"itemId": "never-heard-of"}}""", HttpStatusCode.NotFound, "never-heard-of" },
        { "RecallService.Recall", """{"model": "nowhere", "item": {"itemId": "books-0"}}""", HttpStatusCode.NotFound, "nowhere" },
        { "RecallService.Recall", """{"model": "default", "item": {"itemId": "books-0"}, "excludeItemIds": ["a", ""]}""", HttpStatusCode.BadRequest, "exclude_item_ids[1]" },
        { "RecallService.Recall", """{"model": "default", "item": {"itemId": "books-0"}, "excludeSeen": true}""", HttpStatusCode.BadRequest, "exclude_seen" },
        { "RecallService.Recall", """{"model": "default", "user": {"userId": "a"}, "excludeSeen": true, "includeQueryItems": true}""", HttpStatusCode.BadRequest, "include_query_items" },
        { "RecallService.Recall", """{"model": "default", "item": {"itemId": "books-0"}, "excludeSeenLast": 1}""", HttpStatusCode.BadRequest, "exclude_seen_last" },
        { "RecallService.Recall", """{"model": "default", "user": {"userId": "a"}, "excludeSeenLast": 0}""", HttpStatusCode.BadRequest, "exclude_seen_last" },
        { "RecallService.Recall", """{"model": "default", "user": {"userId": "a"}, "excludeSeenLast": 1, "excludeSeen": true}""", HttpStatusCode.BadRequest, "exclude_seen_last" },
        { "RecallService.Recall", """{"model": "default", "session": {"items": [{"itemId": "a"}]}, "excludeSeenLast": 1, "includeQueryItems": true}""", HttpStatusCode.BadRequest, "exclude_seen_last" },
        { "RecallService.Recall", """{"model": "default", "item": {"itemId": "books-0"}, "minimumScore": "NaN"}""", HttpStatusCode.BadRequest, "minimum_score" },
        { "RecallService.Recall", """{"model": "default", "item": {"itemId": "books-0"}, "minimumScore": "-Infinity"}""", HttpStatusCode.BadRequest, "minimum_score" },
        { "RecallService.Recall", """{"model": "default", "vector": {"values": [1, 2]}, "explain": true}""", HttpStatusCode.BadRequest, "explain" },
        { "RecallService.Recall", """{"model": "default", "item": {"itemId": "books-0"}, "sources": ["RECALL_SOURCE_GRAPH"]}""", HttpStatusCode.BadRequest, "sources" },
        { "RecallService.Recall", """{"model": "default", "user": {"userId": "a"}, "sources": [99]}""", HttpStatusCode.BadRequest, "sources[0]" },
        { "RecallService.Recall", """{"model": "default", "user": {"userId": "a"}, "filter": {}}""", HttpStatusCode.BadRequest, "filter" },
        { "RecallService.Recall", """{"model": "default", "user": {"userId": "a"}, "filter": {"number": {"attribute": "price"}}}""", HttpStatusCode.BadRequest, "filter.number" },
        { "RecallService.Recall", """{"model": "default", "user": {"userId": "a"}, "filter": {"has": {"attribute": "never-heard-of"}}}""", HttpStatusCode.BadRequest, "filter.has.attribute" },
        { "RecallService.BatchRecall", "{}", HttpStatusCode.BadRequest, "requests" },
        { "RecallService.GetEmbeddings", """{"model": "default", "itemIds": ["books-0"], "table": 99}""", HttpStatusCode.BadRequest, "table" },
        { "RecallService.GetEmbeddings", """{"model": "default"}""", HttpStatusCode.BadRequest, "item_ids" },
        { "RecallService.SimilarUsers", """{"model": "default"}""", HttpStatusCode.BadRequest, "user_id" },
        { "RecallService.SimilarUsers", """{"model": "default", "userId": "a\u0007b"}""", HttpStatusCode.BadRequest, "user_id" },
        { "RecallService.SimilarUsers", """{"model": "default", "userId": "a", "k": 0}""", HttpStatusCode.BadRequest, "k" },
        { "RecallService.SimilarUsers", """{"model": "default", "userId": "a", "k": 1001}""", HttpStatusCode.BadRequest, "k" },
        { "RecallService.SimilarUsers", """{"model": "default", "userId": "never-seen"}""", HttpStatusCode.NotFound, "never-seen" },
        { "RecallService.SimilarUsers", """{"model": "nowhere", "userId": "a"}""", HttpStatusCode.NotFound, "nowhere" },
        { "RecallService.Recall", """{"model": "default", "item": {"itemId": "books-0"}, "sources": ["RECALL_SOURCE_SIMILAR_USERS"]}""", HttpStatusCode.BadRequest, "sources" },
        { "EventService.AppendEvents", """{"model": "default"}""", HttpStatusCode.BadRequest, "interactions" },
        { "EventService.AppendEvents", """{"model": "default", "producer": {"name": "a\nb"}, "interactions": [{"number": 1}]}""", HttpStatusCode.BadRequest, "producer.name" },
        { "EventService.AppendEvents", """{"model": "nowhere", "interactions": [{}]}""", HttpStatusCode.NotFound, "nowhere" },
        { "ModelService.CreateModel", """{"model": "a\u0007b"}""", HttpStatusCode.BadRequest, "model" },
        { "ModelService.CreateModel", """{"model": "Films"}""", HttpStatusCode.BadRequest, "model" },
        { "ModelService.CreateModel", """{"model": "default"}""", HttpStatusCode.Conflict, "default" },
        { "ModelService.CreateModel", """{"model": "films", "options": {"Training.Dimension": "many"}}""", HttpStatusCode.BadRequest, "options[Training.Dimension]" },
        { "ModelService.CreateModel", """{"model": "films", "options": {"Training.Dimensions": "64"}}""", HttpStatusCode.BadRequest, "options[Training.Dimensions]" },
        { "ModelService.CreateModel", """{"model": "films", "eventsFrom": "nowhere"}""", HttpStatusCode.NotFound, "nowhere" },
        { "ModelService.GetModel", """{"model": "nowhere"}""", HttpStatusCode.NotFound, "nowhere" },
        { "ModelService.UpdateModel", """{"model": "nowhere", "options": {"Training.Epochs": "5"}}""", HttpStatusCode.NotFound, "nowhere" },
        { "ModelService.DeleteModel", """{"model": "default"}""", HttpStatusCode.BadRequest, "DEFAULT_MODEL" },
        { "ModelService.ListGenerations", """{"model": "nowhere"}""", HttpStatusCode.NotFound, "nowhere" },
    };

    [Theory]
    [MemberData(nameof(BadRequests))]
    public async Task BadRequest_ThroughBothDoors_IsRefusedWithTheSameWords(string call, string json, HttpStatusCode httpStatus, string names)
    {
        var method = Find(call);
        var request = method.InputType.Parser.ParseJson(json);
        var grpc = await Assert.ThrowsAsync<RpcException>(() => CallAsync(method, request));
        var (status, rest) = await CallRestAsync(method, request, json);

        Assert.Equal(httpStatus, status);
        Assert.Equal((int)grpc.StatusCode, rest.GetProperty("code").GetInt32());
        Assert.Equal(grpc.Status.Detail, rest.GetProperty("message").GetString());
        var details = grpc.GetRpcStatus()!.Details.Select(Describe).ToList();
        Assert.Equal(details, rest.GetProperty("details").EnumerateArray().Select(Describe));
        Assert.Contains(details, detail => detail.Contains(names, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"userId": "web", "itemId": "books-1", "type": 99, "eventTimeMs": "1600000000000"}""", "type")]
    [InlineData("""{"userId": "w\u0001b", "itemId": "books-1", "eventTimeMs": "1600000000000"}""", "user_id")]
    [InlineData("""{"userId": "web", "itemId": "books\n1", "eventTimeMs": "1600000000000"}""", "item_id")]
    [InlineData("""{"userId": "web", "itemId": "books-1", "eventTimeMs": "1600000000000", "weight": "NaN"}""", "weight")]
    [InlineData("""{"userId": "web", "itemId": "books-1", "eventTimeMs": "1600000000000", "weight": -1}""", "weight")]
    public async Task BadInteraction_ThroughBothDoors_IsRejectedWithTheSameWords(string interaction, string field)
    {
        var request = new AppendEventsRequest { Model = "default", Interactions = { Interaction.Parser.ParseJson(interaction) } };
        var rejected = Assert.Single((await learned.Daemon.Events.AppendEventsAsync(request, cancellationToken: Cancel)).Rejected);
        var (status, rest) = await CallRestAsync(Find("EventService.AppendEvents"), request, $$"""{"interactions": [{{interaction}}]}""");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(field, rejected.Field);
        var same = Assert.Single(rest.GetProperty("rejected").EnumerateArray());
        Assert.Equal((rejected.Field, rejected.Reason), (same.GetProperty("field").GetString()!, same.GetProperty("reason").GetString()!));
    }

    private async Task CallAsync(MethodDescriptor method, IMessage request)
    {
        var requests = Marshallers.Create<IMessage>(MessageExtensions.ToByteArray, _ => throw new NotSupportedException());
        var responses = Marshallers.Create<IMessage>(MessageExtensions.ToByteArray, bytes => method.OutputType.Parser.ParseFrom(bytes));
        var description = new Method<IMessage, IMessage>(MethodType.Unary, method.Service.FullName, method.Name, requests, responses);
        await learned.Daemon.Channel.CreateCallInvoker().AsyncUnaryCall(description, null, new CallOptions(cancellationToken: Cancel), request);
    }

    private async Task<(HttpStatusCode Status, JsonElement Body)> CallRestAsync(MethodDescriptor method, IMessage request, string json)
    {
        var annotated = method.GetOptions().GetExtension(AnnotationsExtensions.Http);
        // The form with a body, where there are two.
        var rule = annotated.AdditionalBindings.Prepend(annotated).MaxBy(each => each.Body.Length)!;
        var (verb, path) = rule.PatternCase switch
        {
            HttpRule.PatternOneofCase.Get => (HttpMethod.Get, rule.Get),
            HttpRule.PatternOneofCase.Post => (HttpMethod.Post, rule.Post),
            HttpRule.PatternOneofCase.Patch => (HttpMethod.Patch, rule.Patch),
            _ => (HttpMethod.Delete, rule.Delete),
        };
        path = PathField().Replace(path, field => Uri.EscapeDataString((string)method.InputType.FindFieldByName(field.Groups[1].Value).Accessor.GetValue(request)));
        using var message = new HttpRequestMessage(verb, path);
        if (rule.Body.Length > 0) message.Content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await learned.Daemon.Http.SendAsync(message, Cancel);
        return (response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancel)).RootElement);
    }

    private static MethodDescriptor Find(string call) =>
        new[] { EventService.Descriptor, RecallService.Descriptor, ModelService.Descriptor }
            .Single(service => call.StartsWith(service.Name + ".", StringComparison.Ordinal))
            .FindMethodByName(call[(call.IndexOf('.', StringComparison.Ordinal) + 1)..]);

    // One line for a detail, whichever door it came through.
    private static string Describe(Google.Protobuf.WellKnownTypes.Any detail)
    {
        var types = TypeRegistry.FromFiles(Google.Rpc.ErrorDetailsReflection.Descriptor);
        return Describe(JsonDocument.Parse(new JsonFormatter(new JsonFormatter.Settings(formatDefaultValues: true, types)).Format(detail)).RootElement);
    }

    private static string Describe(JsonElement detail) => detail.ValueKind switch
    {
        JsonValueKind.Object => string.Join(' ', detail.EnumerateObject().OrderBy(each => each.Name, StringComparer.Ordinal).Select(each => $"{each.Name}={Describe(each.Value)}")),
        JsonValueKind.Array => string.Join(';', detail.EnumerateArray().Select(Describe)),
        _ => detail.ToString(),
    };

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex PathField();
}
