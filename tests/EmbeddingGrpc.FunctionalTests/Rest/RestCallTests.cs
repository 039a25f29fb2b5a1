using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using EmbeddingGrpc.FunctionalTests.Harness;

namespace EmbeddingGrpc.FunctionalTests.Rest;

/// <summary>The unary calls as JSON over HTTP/1: the same daemon, the same answers.</summary>
public sealed class RestCallTests(LearnedDaemon learned) : IClassFixture<LearnedDaemon>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Recall_OverHttp_IsTheAnswerOverGrpc()
    {
        var grpc = await learned.Daemon.RecallItemAsync("games-2", Cancel);
        var rest = await PostAsync("/v1/models/default/recall", """{"item": {"itemId": "games-2"}, "k": 10}""");
        Assert.Equal(grpc.GenerationId, rest.GetProperty("generationId").GetString());
        Assert.Equal(
            grpc.Candidates.Select(c => (c.ItemId, c.Score)),
            rest.GetProperty("candidates").EnumerateArray().Select(c => (c.GetProperty("itemId").GetString()!, c.GetProperty("score").GetSingle())));
    }

    [Fact]
    public async Task Recall_OfAUserAndASessionWithTheirOptions_OverHttp_IsAnswered()
    {
        var user = ShoppingWorld.User("tools", 5);
        var byAge = await PostAsync("/v1/models/default/recall", $$"""{"user": {"userId": "{{user}}", "halfLife": "172800s", "interests": 2}, "k": 5}""");
        var mixed = await PostAsync(
            "/v1/models/default/recall", $$"""{"session": {"items": [{"itemId": "never-heard-of"}], "userId": "{{user}}", "historyWeight": 0.5}, "k": 5}""");
        foreach (var answer in new[] { byAge, mixed })
            Assert.All(answer.GetProperty("candidates").EnumerateArray(), c => Assert.StartsWith("tools", c.GetProperty("itemId").GetString()!, StringComparison.Ordinal));
    }

    [Fact]
    public async Task AppendEvents_OverHttp_AppendsAndRejects()
    {
        var before = (await learned.Daemon.GetModelAsync(Cancel)).DurableOffset;
        var answer = await PostAsync(
            "/v1/models/default/events",
            """{"interactions": [{"userId": "web", "itemId": "books-1", "type": "INTERACTION_TYPE_CLICK", "eventTimeMs": "1600000000000"}, {"userId": "web"}]}""");
        Assert.Equal(1, answer.GetProperty("appended").GetInt32());
        Assert.Equal("item_id", answer.GetProperty("rejected")[0].GetProperty("field").GetString());
        // 64-bit integers are text in protobuf's JSON form.
        Assert.Equal($"{before + 1}", answer.GetProperty("logOffset").GetString());
    }

    [Fact]
    public async Task GetEmbeddings_ByGetAndByPost_IsTheSame()
    {
        var byGet = await learned.Daemon.Http.GetFromJsonAsync<JsonElement>("/v1/models/default/embeddings?itemIds=tools-1&item_ids=tools-2", Cancel);
        var byPost = await PostAsync("/v1/models/default/embeddings", """{"itemIds": ["tools-1", "tools-2"]}""");
        Assert.Equal(2, byGet.GetProperty("embeddings").GetArrayLength());
        Assert.True(JsonElement.DeepEquals(byGet, byPost));
    }

    [Fact]
    public async Task Models_OverHttp_TellWhatServes()
    {
        var model = await learned.Daemon.Http.GetFromJsonAsync<JsonElement>("/v1/models/default", Cancel);
        Assert.Equal(learned.Generation.Id, model.GetProperty("model").GetProperty("serving").GetProperty("id").GetString());
        var generations = await learned.Daemon.Http.GetFromJsonAsync<JsonElement>("/v1/models/default/generations", Cancel);
        Assert.Equal(learned.Generation.Id, generations.GetProperty("generations")[0].GetProperty("id").GetString());
    }

    [Fact]
    public async Task BatchRecall_OverHttp_AnswersEach()
    {
        var answer = await PostAsync("/v1/recall:batch", """{"requests": [{"item": {"itemId": "books-0"}}, {"item": {"itemId": "never-heard-of"}}]}""");
        Assert.Equal(10, answer.GetProperty("results")[0].GetProperty("response").GetProperty("candidates").GetArrayLength());
        var error = answer.GetProperty("results")[1].GetProperty("error");
        Assert.Equal(5, error.GetProperty("code").GetInt32());
        Assert.Equal("type.googleapis.com/google.rpc.ResourceInfo", error.GetProperty("details")[0].GetProperty("@type").GetString());
        Assert.Equal("never-heard-of", error.GetProperty("details")[0].GetProperty("resourceName").GetString());
    }

    private async Task<JsonElement> PostAsync(string path, string json)
    {
        using var content = new StringContent(json, mediaType: new("application/json"));
        using var response = await learned.Daemon.Http.PostAsync(path, content, Cancel);
        var body = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.StatusCode == HttpStatusCode.OK, body);
        return JsonDocument.Parse(body).RootElement;
    }
}
