using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using EmbeddingGrpc.FunctionalTests.Harness;

namespace EmbeddingGrpc.FunctionalTests.Rest;

/// <summary>Requests with something wrong in them somewhere: none is a failure of the daemon, and each that is refused as invalid says where.</summary>
public sealed class FuzzedRestTests(LearnedDaemon learned) : IClassFixture<LearnedDaemon>
{
    private const int Requests = 3000;

    private static readonly (string Path, string Json)[] Right =
    [
        ("/v1/models/default/recall", """{"item": {"itemId": "books-1"}, "k": 5, "excludeItemIds": ["x"], "excludeSeen": false, "minimumOffset": "3"}"""),
        ("/v1/models/default/recall", """{"vector": {"values": [1, 2.5, "NaN"]}, "includeQueryItems": false}"""),
        ("/v1/models/default/recall", """{"session": {"items": [{"itemId": "books-1", "weight": 1.5}]}}"""),
        ("/v1/recall:batch", """{"requests": [{"user": {"userId": "u"}}]}"""),
        ("/v1/models/default/events", """{"interactions": [{"userId": "u", "itemId": "i", "type": "INTERACTION_TYPE_VIEW", "eventTimeMs": "1600000000000", "weight": 1, "number": "1"}], "producer": {"name": "p", "epoch": "1"}}"""),
        ("/v1/models/default/embeddings", """{"itemIds": ["books-1"], "table": "EMBEDDING_TABLE_INPUT"}"""),
        ("/v1/models", """{"model": "default", "eventsFrom": "", "options": {"Training.Dimension": "64"}}"""),
    ];

    // JSON as it stands in the request.
    private static readonly string[] Values =
    [
        "null", "true", "0", "-1", "1", "1.0", "1.5", "-0.0", "1e400", "-1e400", "100000000000000000000", "9223372036854775808", "18446744073709551616", "2147483648", "99",
        "\"\"", "\"a\"", "\"1\"", "\" 1\"", "\"+1\"", "\"-1\"", "\"0x1\"", "\"1e3\"", "\"NaN\"", "\"nan\"", "\"-Infinity\"", "\".5\"", "\"01\"", "\"\u0661\"",
        "\"EMBEDDING_TABLE_OUTPUT\"", "\"embedding_table_output\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\u001f\"", "\"true\"", "[]", "{}", "[null]", "[[1]]",
        "{\"a\": null}", "{\"a\": 1}", "{\"\": \"\"}", "NaN", "{", "]", "\"", ",",
    ];

    private static readonly string[] Names = ["", "item_id", "ITEMID", "k", "kk", "\u00e9", "model"];

    [Fact]
    public async Task AnyRequest_IsAnsweredOrRefusedPrecisely()
    {
        var random = new Random(42);
        for (var i = 0; i < Requests; i++)
        {
            var (path, json) = random.GetItems(Right, 1)[0];
            var body = Mutate(JsonNode.Parse(json)!, random);
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            using var response = await learned.Daemon.Http.PostAsync(path, content, TestContext.Current.CancellationToken);
            var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

            Assert.True(response.StatusCode < HttpStatusCode.InternalServerError, $"{response.StatusCode} for {path} {body}: {text}");
            using var answer = JsonDocument.Parse(text);
            if (response.IsSuccessStatusCode) continue;
            var precise = answer.RootElement.GetProperty("details").EnumerateArray().Any();
            Assert.True(precise, $"{response.StatusCode} without details for {path} {body}: {text}");
        }
    }

    /// <summary>Replaces, renames or repeats one thing.</summary>
    private static string Mutate(JsonNode request, Random random)
    {
        var text = request.ToJsonString();
        var nodes = Below(request).ToList();
        var node = nodes[random.Next(nodes.Count)];
        switch (random.Next(8))
        {
            case 0:
                return text[..random.Next(text.Length)];
            case 1:
                return $"{text}{Pick(Values, random)}";
            case 2 when node.Parent is JsonObject parent:
                var name = node.GetPropertyName();
                parent.Remove(name);
                parent[Pick(Names, random)] = node;
                return request.ToJsonString();
            case 3:
                // The same field again.
                return text.Replace("}", $", {JsonSerializer.Serialize(Pick(Names, random))}: {Pick(Values, random)}}}", StringComparison.Ordinal);
            default:
                // JSON nodes cannot hold what is not JSON: a mark is replaced in the text.
                node.ReplaceWith("\u2603");
                return request.ToJsonString().Replace("\"\\u2603\"", Pick(Values, random), StringComparison.Ordinal);
        }
    }

    private static IEnumerable<JsonNode> Below(JsonNode node) => node switch
    {
        JsonObject all => all.Select(each => each.Value!).SelectMany(child => Below(child).Prepend(child)),
        JsonArray all => all.Select(each => each!).SelectMany(child => Below(child).Prepend(child)),
        _ => [],
    };

    private static string Pick(string[] all, Random random) => all[random.Next(all.Length)];
}
