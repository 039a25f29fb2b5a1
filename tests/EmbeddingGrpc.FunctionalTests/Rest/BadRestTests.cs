using System.Net;
using System.Text.Json;
using EmbeddingGrpc.FunctionalTests.Harness;
using Grpc.Core;

namespace EmbeddingGrpc.FunctionalTests.Rest;

/// <summary>A wrong request is refused over HTTP as precisely as over gRPC, with the status that HTTP has for it.</summary>
public sealed class BadRestTests(LearnedDaemon learned) : IClassFixture<LearnedDaemon>
{
    private const string Recall = "/v1/models/default/recall";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

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
    [InlineData("""{"item": {"itemId": "\ud800"}}""", "item.item_id")]
    [InlineData("""{"model": "films", "k": 5}""", "model")]
    [InlineData("""{"vector": {"values": [NaN]}}""", "body")]
    [InlineData("[1]", "body")]
    [InlineData("""{"user": {"userId": "u", "halfLife": "soon"}}""", "user.half_life")]
    [InlineData("""{"user": {"userId": "u", "halfLife": "-5s"}}""", "user.half_life")]
    [InlineData("""{"session": {"items": [{"itemId": "books-0"}], "historyWeight": 0.5}}""", "session.history_weight")]
    [InlineData("""{"session": {"items": [{"itemId": "books-0"}], "userId": "u", "historyWeight": "much"}}""", "session.history_weight")]
    public async Task WrongJson_NamesTheField(string json, string field)
    {
        var (status, error) = await PostAsync(Recall, json);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(field, error.GetProperty("details")[0].GetProperty("fieldViolations")[0].GetProperty("field").GetString());
    }

    [Fact]
    public async Task DeepJson_IsRefusedAtItsDepth()
    {
        var (status, error) = await PostAsync(Recall, string.Concat(Enumerable.Repeat("{\"item\":", 10_000)) + "1" + new string('}', 10_000));
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("depth of 64", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task BodyThatIsNotUtf8_IsRefusedAsSuch()
    {
        using var content = new ByteArrayContent([.. "{\"item\": {\"itemId\": \""u8, 0xff, .. "\"}}"u8]) { Headers = { ContentType = new("application/json") } };
        using var response = await learned.Daemon.Http.PostAsync(Recall, content, Cancel);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("body: is not UTF-8", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task NoBody_IsTheMessageWithoutFields()
    {
        using var response = await learned.Daemon.Http.PostAsync(Recall, null, Cancel);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("query: is missing", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OtherContent_Is415()
    {
        using var content = new StringContent("""{"item": {"itemId": "books-0"}}""");
        using var response = await learned.Daemon.Http.PostAsync(Recall, content, Cancel);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        Assert.Contains("must be application/json", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
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
