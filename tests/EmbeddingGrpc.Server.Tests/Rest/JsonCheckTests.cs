using System.Text.Json;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Rest;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace EmbeddingGrpc.Server.Tests.Rest;

public sealed class JsonCheckTests
{
    [Theory]
    [InlineData("""{"item": {"itemId": "a"}, "k": 5}""")]
    [InlineData("""{"item": {"item_id": "a"}, "k": 5, "exclude_seen": true}""")]
    [InlineData("""{"vector": {"values": [1, -2.5, "NaN", 1e3]}, "minimumOffset": "18446744073709551615"}""")]
    [InlineData("""{"user": null, "k": null, "excludeItemIds": []}""")]
    public void Violations_OfARightRequest_AreNone(string json) => Assert.Empty(Violations(json, RecallRequest.Descriptor));

    [Theory]
    [InlineData("""{"k": "many"}""", "k")]
    [InlineData("""{"k": "5"}""", "k")]
    [InlineData("""{"k": -1}""", "k")]
    [InlineData("""{"k": 1.5}""", "k")]
    [InlineData("""{"k": 4294967296}""", "k")]
    [InlineData("""{"kk": 5}""", "kk")]
    [InlineData("""{"item": "a"}""", "item")]
    [InlineData("""{"item": {"itemId": 5}}""", "item.item_id")]
    [InlineData("""{"item": {"id": "a"}}""", "item.id")]
    [InlineData("""{"excludeItemIds": "a"}""", "exclude_item_ids")]
    [InlineData("""{"excludeItemIds": ["a", 5]}""", "exclude_item_ids[1]")]
    [InlineData("""{"excludeSeen": "yes"}""", "exclude_seen")]
    [InlineData("""{"vector": {"values": [1, "x"]}}""", "vector.values[1]")]
    [InlineData("""{"vector": {"values": [null]}}""", "vector.values[0]")]
    [InlineData("""{"session": {"items": [{"itemId": "a"}, {"weight": true}]}}""", "session.items[1].weight")]
    [InlineData("""{"minimumOffset": "18446744073709551616"}""", "minimum_offset")]
    [InlineData("""{"item": {"itemId": "a"}, "user": {"userId": "b"}}""", "query")]
    [InlineData("""{"vector": {"values": ["1"]}}""", "vector.values[0]")]
    [InlineData("""{"excludeItemIds": null}""", "exclude_item_ids")]
    [InlineData("""{"k": 5, "k": 6}""", "k")]
    [InlineData("""{"itemId": "a"}""", "itemId")]
    [InlineData("""{"item": {"itemId": "a", "item_id": "b"}}""", "item.item_id")]
    [InlineData("""{"item": {"itemId": "\ud800"}}""", "item.item_id")]
    [InlineData("""{"k": "\ud800"}""", "k")]
    [InlineData("""{"\ud800": 1}""", "body")]
    [InlineData("""{"item": {"\ud800": 1}}""", "item")]
    [InlineData("[]", "body")]
    [InlineData("null", "body")]
    [InlineData("\"text\"", "body")]
    public void Violations_OfAWrongRequest_NameTheField(string json, string field) =>
        Assert.Equal([field], Violations(json, RecallRequest.Descriptor));

    [Theory]
    [InlineData("\"INTERACTION_TYPE_CLICK\"", true)]
    [InlineData("3", true)]
    [InlineData("99", true)]
    [InlineData("\"CLICK\"", false)]
    [InlineData("3.5", false)]
    public void Violations_OfAnEnum_TakeNamesAndNumbers(string value, bool right) =>
        Assert.Equal(right ? [] : ["interactions[0].type"], Violations($$"""{"interactions": [{"type": {{value}}}]}""", AppendEventsRequest.Descriptor));

    [Fact]
    public void Violations_OfAMap_NameTheKey() =>
        Assert.Equal(["options[Training.Dimension]"], Violations("""{"options": {"Training.Epochs": "5", "Training.Dimension": 64}}""", CreateModelRequest.Descriptor));

    [Theory]
    [InlineData("""{"model": "films"}""", true)]
    [InlineData("""{"model": ""}""", true)]
    [InlineData("{}", true)]
    [InlineData("""{"model": "books"}""", false)]
    public void Violations_OfAFieldThatIsInThePath_AreContradictions(string json, bool right)
    {
        using var document = JsonDocument.Parse(json);
        var violations = JsonCheck.Violations(document.RootElement, RecallRequest.Descriptor, new Dictionary<string, string> { ["model"] = "films" });
        Assert.Equal(right ? [] : ["model"], violations.Select(violation => violation.Field));
    }

    [Theory]
    [InlineData("\"2026-01-31T12:00:00Z\"", true)]
    [InlineData("\"2026-01-31T12:00:00.123456789+02:00\"", true)]
    [InlineData("null", true)]
    [InlineData("\"2026-01-31\"", false)]
    [InlineData("\"yesterday\"", false)]
    [InlineData("\"0000-01-01T00:00:00Z\"", false)]
    [InlineData("1769860800", false)]
    [InlineData("{\"seconds\": 1}", false)]
    public void Violations_OfATime_TakeRfc3339(string value, bool right) =>
        Assert.Equal(right ? [] : ["create_time"], Violations($$"""{"createTime": {{value}}}""", Generation.Descriptor));

    [Theory]
    [InlineData("\"AQID\"", true)]
    [InlineData("\"\"", true)]
    [InlineData("\"not base64!\"", false)]
    [InlineData("[1]", false)]
    public void Violations_OfBytes_TakeBase64(string value, bool right) =>
        Assert.Equal(right ? [] : ["data"], Violations($$"""{"data": {{value}}}""", ExportVectorsResponse.Descriptor));

    [Fact]
    public void Violations_OfManyWrongFields_StopSomewhere()
    {
        var json = $$"""{"excludeItemIds": [{{string.Join(',', Enumerable.Repeat("1", 10_000))}}]}""";
        Assert.Equal(20, Violations(json, RecallRequest.Descriptor).Count);
    }

    [Fact]
    public void Violations_OfWhatProtobufWrites_AreNone()
    {
        var request = new RecallRequest
        {
            Model = "films",
            K = 7,
            ExcludeItemIds = { "a", "b" },
            MinimumOffset = ulong.MaxValue,
            Vector = new VectorQuery { Values = { 1.5f, float.NaN, float.NegativeInfinity } },
        };
        Assert.Empty(Violations(JsonFormatter.Default.Format(request), RecallRequest.Descriptor));
    }

    private static List<string> Violations(string json, MessageDescriptor message)
    {
        using var document = JsonDocument.Parse(json);
        return [.. JsonCheck.Violations(document.RootElement, message).Select(violation => violation.Field)];
    }
}
