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
        Assert.Equal(5, answer.GetProperty("results")[1].GetProperty("error").GetProperty("code").GetInt32());
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
