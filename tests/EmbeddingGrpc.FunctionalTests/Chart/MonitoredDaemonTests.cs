using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using EmbeddingGrpc.FunctionalTests.Harness;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;
using k8s;

namespace EmbeddingGrpc.FunctionalTests.Chart;

/// <summary>The chart's alerts and dashboard against a daemon that works: a query that names what is not there shows nothing and says nothing.</summary>
public sealed partial class MonitoredDaemonTests : IDisposable
{
    private static readonly string[] On = ["--set", "metrics.prometheusRule.enabled=true,metrics.dashboard.enabled=true"];

    // There is no series of these until it happens; that they are instruments is asked for elsewhere.
    private const int MostTries = 400;

    private static readonly string[] OnlyWhenItHappens =
        ["embeddinggrpc_recall_shed_total", "embeddinggrpc_index_recall_at_10", "embeddinggrpc_recall_cache_redis_failures_total", "embeddinggrpc_recall_cache_redis_skipped_total"];

    private readonly TemporaryDirectory _data = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Panels_OfADaemonUnderLoad_AllShowSomething_AndNoAlertFires()
    {
        var chart = await HelmChart.RenderAsync(Cancel, On);
        var spec = chart.Objects.OfType<PrometheusRule>().Single().Spec;
        var panels = Panels(chart);
        await using var daemon = await StartAsync();
        await using var prometheus = await PrometheusServer.StartAsync(daemon.HttpAddress, KubernetesYaml.Serialize(spec), Cancel);
        await using var load = new RecallLoad(daemon);

        var empty = panels.Select(panel => panel.Title).ToHashSet();
        var tries = 0;
        await Eventually.TrueAsync("the panels show something", async () =>
        {
            Assert.True(++tries < MostTries, $"These show nothing: {string.Join(", ", empty)}");
            // Rates are of what goes on now.
            await daemon.AppendAsync(ShoppingWorld.Interactions.Take(100), Cancel);
            await FailAsync(daemon);
            foreach (var (title, expressions) in panels.Where(panel => empty.Contains(panel.Title)))
            {
                foreach (var expression in expressions)
                {
                    if ((await prometheus.QueryAsync(expression, Cancel)).Count > 0) empty.Remove(title);
                }
            }

            return empty.Count == 0;
        }, Cancel);

        IReadOnlyList<JsonNode> rules = [];
        await Eventually.TrueAsync("every rule was evaluated", async () => (rules = await prometheus.RulesAsync(Cancel)).All(rule => (string?)rule["health"] != "unknown"), Cancel);
        Assert.Equal(spec.Groups.Single().Rules.Count, rules.Count);
        Assert.All(rules, rule => Assert.True((string?)rule["health"] == "ok" && (string?)rule["state"] != "firing", rule.ToString()));
    }

    [Fact]
    public async Task Metrics_OfRulesAndDashboard_AreOnTheDaemonsPage()
    {
        var chart = await HelmChart.RenderAsync(Cancel, On);
        var named = Panels(chart).SelectMany(panel => panel.Expressions)
            .Concat(chart.Objects.OfType<PrometheusRule>().Single().Spec.Groups.Single().Rules.Select(rule => rule.Expr))
            .SelectMany(expression => MetricName().Matches(expression)).Select(match => match.Value)
            .Distinct().Except(OnlyWhenItHappens).ToList();
        Assert.True(named.Count > 30);
        await using var daemon = await StartAsync();
        await FailAsync(daemon);
        var told = (await DaemonMetrics.ScrapeAsync(daemon, Cancel)).Names;
        var missing = named.Except(told).Order().ToList();
        Assert.True(missing.Count == 0, string.Join(", ", missing));
    }

    [Fact]
    public async Task Metrics_OfADaemonThatNobodyAskedYet_TellThatRedisIsNotThere()
    {
        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, "--EmbeddingGrpc:Redis:Configuration=127.0.0.1:1,connectTimeout=200,abortConnect=false");
        Assert.Contains("embeddinggrpc_recall_cache_redis_available", (await DaemonMetrics.ScrapeAsync(daemon, Cancel)).Names);
    }

    // A daemon that has done everything once: recorded, trained, been compared, recalled, and looked for its Redis.
    private async Task<DaemonProcess> StartAsync()
    {
        string[] settings =
        [
            .. ShoppingWorld.Settings, "--EmbeddingGrpc:Redis:Configuration=127.0.0.1:1,connectTimeout=200,abortConnect=false",
            "--EmbeddingGrpc:Recall:Cache:MemoryTimeToLive=00:00:05", "--EmbeddingGrpc:Model:Promotion:MinimumQueries=1", "--EmbeddingGrpc:Model:Promotion:Margin=1", "--EmbeddingGrpc:Model:ExactSearchBelow=0",
        ];
        var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, settings);
        await daemon.LearnShoppingAsync(Cancel);
        // Other people, later: what they go on to is what two generations are compared by.
        var later = ShoppingWorld.Interactions[^1].EventTimeMs - ShoppingWorld.Interactions[0].EventTimeMs + 1;
        await daemon.AppendAsync(ShoppingWorld.Interactions.Select(i => new Interaction(i) { UserId = $"later-{i.UserId}", EventTimeMs = i.EventTimeMs + later }), Cancel);
        await daemon.TrainAsync(Cancel);
        // The second time from the cache.
        for (var time = 0; time < 2; time++) await daemon.RecallItemAsync(ShoppingWorld.Item("books", 0), Cancel);
        return daemon;
    }

    private static async Task FailAsync(DaemonProcess daemon) =>
        await Assert.ThrowsAsync<RpcException>(() => daemon.RecallItemAsync("nothing that there is", Cancel));

    private static List<(string Title, List<string> Expressions)> Panels(RenderedChart chart)
    {
        var dashboard = JsonNode.Parse(chart.ConfigMap("-dashboard").Data["embedding-grpc.json"])!;
        return [.. dashboard["panels"]!.AsArray()
            .Where(panel => panel!["targets"] is not null)
            .Select(panel => ((string)panel!["title"]!, panel["targets"]!.AsArray().Select(target => Plain((string)target!["expr"]!)).ToList()))];
    }

    // What Grafana puts in place of its variables.
    private static string Plain(string expression) => expression
        .Replace("$namespace", "recall", StringComparison.Ordinal).Replace("$pod", ".+", StringComparison.Ordinal).Replace("$__rate_interval", "20s", StringComparison.Ordinal);

    [GeneratedRegex("embeddinggrpc_[a-z_0-9]+")]
    private static partial Regex MetricName();
}
