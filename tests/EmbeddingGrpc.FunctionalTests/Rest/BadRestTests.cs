using System.Net;
using System.Text.Json;
using EmbeddingGrpc.FunctionalTests.Harness;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.FunctionalTests.Rest;

/// <summary>A wrong request is refused over HTTP as precisely as over gRPC, with the status that HTTP has for it.</summary>
public sealed class BadRestTests(LearnedDaemon learned) : IClassFixture<LearnedDaemon>
{
    private const string Recall = "/v1/models/default/recall";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("""{"item": {"itemId": "books-0"}, "k": 0}""")]
    [InlineData("""{"vector": {"values": ["NaN", 1]}}""")]
    [InlineData("{}")]
    public async Task InvalidRequest_OverHttp_HasTheErrorOfGrpc(string json)
    {
        var (status, error) = await PostAsync(Recall, json);
        var request = RecallRequest.Parser.ParseJson(json);
        var grpc = await Assert.ThrowsAsync<RpcException>(async () => await learned.Daemon.Recall.RecallAsync(request, cancellationToken: Cancel));

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal((int)grpc.StatusCode, error.GetProperty("code").GetInt32());
        Assert.Equal(grpc.Status.Detail, error.GetProperty("message").GetString());
        Assert.Equal(
            grpc.GetRpcStatus()!.GetDetail<Google.Rpc.BadRequest>()!.FieldViolations.Select(v => (v.Field, v.Description)),
            error.GetProperty("details")[0].GetProperty("fieldViolations").EnumerateArray()
                .Select(v => (v.GetProperty("field").GetString()!, v.GetProperty("description").GetString()!)));
    }

    [Fact]
    public async Task UnknownItem_OverHttp_Is404WithTheResource()
    {
        var (status, error) = await PostAsync(Recall, """{"item": {"itemId": "never-heard-of"}}""");
        Assert.Equal(HttpStatusCode.NotFound, status);
        var details = error.GetProperty("details")[0];
        Assert.Equal("type.googleapis.com/google.rpc.ResourceInfo", details.GetProperty("@type").GetString());
        Assert.Equal("never-heard-of", details.GetProperty("resourceName").GetString());
    }

    [Theory]
    [InlineData("""{"k": "many"}""", "k")]
    [InlineData("""{"kay": 5}""", "kay")]
    [InlineData("""{"item": {"itemId": 5}}""", "item.item_id")]
    [InlineData("""{"k": 5""", "body")]
    [InlineData("not json", "body")]
    [InlineData("", "body")]
    [InlineData("[1]", "body")]
    public async Task WrongJson_NamesTheField(string json, string field)
    {
        var (status, error) = await PostAsync(Recall, json);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(field, error.GetProperty("details")[0].GetProperty("fieldViolations")[0].GetProperty("field").GetString());
    }

    [Fact]
    public async Task UnknownEnumNumber_RejectsTheInteractionAsOverGrpc()
    {
        var interaction = new Interaction { UserId = "web", ItemId = "books-1", Type = (InteractionType)99, EventTimeMs = 1_600_000_000_000 };
        var grpc = await learned.Daemon.Events.AppendEventsAsync(new AppendEventsRequest { Interactions = { interaction } }, cancellationToken: Cancel);
        var (status, answer) = await PostAsync(
            "/v1/models/default/events", """{"interactions": [{"userId": "web", "itemId": "books-1", "type": 99, "eventTimeMs": 1600000000000}]}""");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(grpc.Rejected[0].Reason, answer.GetProperty("rejected")[0].GetProperty("reason").GetString());
    }

    [Fact]
    public async Task UnknownParameter_IsNamed()
    {
        using var response = await learned.Daemon.Http.GetAsync("/v1/models/default/embeddings?itemIds=books-1&tabel=EMBEDDING_TABLE_OUTPUT", Cancel);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("tabel", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TooLargeABody_Is413WithTheLimit()
    {
        var (status, error) = await PostAsync(Recall, """{"model": "x"}""".Replace("x", new string('x', 17 * 1024 * 1024), StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, status);
        Assert.Equal((int)StatusCode.ResourceExhausted, error.GetProperty("code").GetInt32());
        Assert.Contains("16777216", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/v1/nothing")]
    [InlineData("PUT", "/v1/models")]
    public async Task NoSuchCall_Is404AndSaysWhereToLook(string verb, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(verb), path);
        using var response = await learned.Daemon.Http.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Contains("/openapi/v1.json", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    private async Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(string path, string json)
    {
        using var content = new StringContent(json, mediaType: new("application/json"));
        using var response = await learned.Daemon.Http.PostAsync(path, content, Cancel);
        return (response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancel)).RootElement);
    }
}
