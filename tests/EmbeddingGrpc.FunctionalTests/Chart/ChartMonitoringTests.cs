using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using EmbeddingGrpc.FunctionalTests.Harness;
using EmbeddingGrpc.Server.Cache;
using EmbeddingGrpc.Server.Hosting;
using k8s;
using k8s.Models;
using Microsoft.AspNetCore.Builder;

namespace EmbeddingGrpc.FunctionalTests.Chart;

/// <summary>What Prometheus and Grafana are given: objects that select the daemon, and queries of metrics that it has.</summary>
public sealed partial class ChartMonitoringTests
{
    private static readonly string[] On =
        ["--set", "metrics.serviceMonitor.enabled=true,metrics.prometheusRule.enabled=true,metrics.dashboard.enabled=true", "--set", "metrics.prometheusRule.runbookUrl=https://runbooks/recall"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Monitoring_ByDefault_NeedsNoOperator()
    {
        var chart = await HelmChart.RenderAsync(Cancel);
        Assert.Empty(chart.Objects.OfType<ServiceMonitor>());
        Assert.Empty(chart.Objects.OfType<PrometheusRule>());
        Assert.DoesNotContain(chart.Objects, o => o.Metadata.Name.EndsWith("-dashboard", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ServiceMonitor_SelectsTheHeadlessServiceAlone()
    {
        var chart = await HelmChart.RenderAsync(Cancel, On);
        var monitor = chart.Objects.OfType<ServiceMonitor>().Single();
        var selected = Assert.Single(chart.Objects.OfType<V1Service>(), s => monitor.Spec.Selector.MatchLabels.All(l => s.Metadata.Labels.TryGetValue(l.Key, out var v) && v == l.Value));
        Assert.Equal("shop-embedding-grpc-headless", selected.Metadata.Name);
        Assert.Contains(selected.Spec.Ports, p => p.Name == monitor.Spec.Endpoints.Single().Port);
        Assert.Equal(["recall"], monitor.Spec.NamespaceSelector.MatchNames);
    }

    [Fact]
    public async Task PrometheusRule_IsWhatPrometheusTakes_AndNamesARunbookForEach()
    {
        var chart = await HelmChart.RenderAsync(Cancel, On);
        var rule = chart.Objects.OfType<PrometheusRule>().Single();
        using var folder = new TemporaryDirectory();
        var path = Path.Combine(folder.FullPath, "rules.yaml");
        await File.WriteAllTextAsync(path, KubernetesYaml.Serialize(rule.Spec), Cancel);
        var run = await ProgramRun.RunAsync(InstalledProgram.Require("promtool"), ["check", "rules", path], Cancel);
        Assert.True(run.ExitCode == 0, run.Output + run.Errors);

        var runbook = await File.ReadAllTextAsync(Path.Combine(HelmChart.Folder, "README.md"), Cancel);
        Assert.All(rule.Spec.Groups.Single().Rules, alert =>
        {
            Assert.Equal($"https://runbooks/recall#{alert.Alert.ToLowerInvariant()}", alert.Annotations["runbook_url"]);
            Assert.Contains($"\n### {alert.Alert}\n", runbook, StringComparison.Ordinal);
            Assert.Contains(alert.Labels["severity"], new[] { "critical", "warning", "info" });
        });
    }

    [Fact]
    public async Task Alerts_ProvokedAndNot_FireAndDoNot()
    {
        var chart = await HelmChart.RenderAsync(Cancel, On);
        var spec = chart.Objects.OfType<PrometheusRule>().Single().Spec;
        var cases = await File.ReadAllTextAsync(Path.Combine(Build.RepositoryRoot, "tests", "EmbeddingGrpc.FunctionalTests", "Chart", "alerts.test.yaml"), Cancel);
        // Told when it fires, and told when it is silent.
        Assert.All(spec.Groups.Single().Rules, alert => Assert.True(Regex.Count(cases, $"alertname: {alert.Alert}\\b") >= 2, $"{alert.Alert} has no case"));

        // promtool compares texts too, which are not what is asked here.
        spec.Groups.Single().Rules.ForEach(rule => rule.Annotations = []);
        using var folder = new TemporaryDirectory();
        await File.WriteAllTextAsync(folder.File("rules.yaml"), KubernetesYaml.Serialize(spec), Cancel);
        await File.WriteAllTextAsync(folder.File("alerts.test.yaml"), cases, Cancel);
        var run = await ProgramRun.RunAsync(InstalledProgram.Require("promtool"), ["test", "rules", folder.File("alerts.test.yaml")], Cancel);
        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
    }

    [Fact]
    public async Task Queries_OfRulesAndDashboard_NameMetricsThatTheDaemonHas()
    {
        var instruments = await InstrumentsAsync();
        var chart = await HelmChart.RenderAsync(Cancel, On);
        var dashboard = JsonNode.Parse(chart.ConfigMap("-dashboard").Data["embedding-grpc.json"])!;
        var queries = dashboard["panels"]!.AsArray().SelectMany(panel => panel!["targets"]?.AsArray() ?? []).Select(target => (string)target!["expr"]!)
            .Concat(chart.Objects.OfType<PrometheusRule>().Single().Spec.Groups.Single().Rules.Select(rule => rule.Expr))
            .ToList();
        Assert.True(queries.Count > 30);
        var metrics = queries.SelectMany(query => MetricName().Matches(query)).Select(match => match.Value).Distinct().ToList();
        Assert.All(metrics, metric => Assert.Contains(instruments, instrument => IsOf(metric, instrument)));
    }

    // The exporter's names: dots become underscores, the unit and the kind of series follow.
    private static bool IsOf(string metric, string instrument) =>
        Regex.IsMatch(metric, $"^{instrument.Replace('.', '_')}(_seconds|_bytes|_per_second)?(_total|_bucket|_count|_sum)?$");

    private static async Task<HashSet<string>> InstrumentsAsync()
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            lock (names) names.Add(instrument.Name);
        };
        listener.Start();
        using var folder = new TemporaryDirectory();
        await using WebApplication daemon = DaemonHost.Build(
        [
            "--GrpcPort=0", "--HttpPort=0", $"--DataDirectory={folder.FullPath}", "--Logging:LogLevel:Default=Warning",
            "--EmbeddingGrpc:Redis:Configuration=127.0.0.1:1,connectTimeout=200,abortConnect=false",
        ]);
        await daemon.StartAsync(Cancel);
        // Most are made when they are first used; that of Redis with the cache.
        daemon.Services.GetService(typeof(RecallCache));
        var rooms = typeof(DaemonHost).Assembly.GetReferencedAssemblies()
            .Where(name => name.Name!.StartsWith("EmbeddingGrpc.", StringComparison.Ordinal))
            .Select(System.Reflection.Assembly.Load)
            .Append(typeof(DaemonHost).Assembly);
        foreach (var type in rooms.SelectMany(room => room.GetTypes()).Where(type => type.Name.EndsWith("Metrics", StringComparison.Ordinal)))
        {
            System.Runtime.CompilerServices.RuntimeHelpers.RunClassConstructor(type.TypeHandle);
            daemon.Services.GetService(type);
        }

        await daemon.StopAsync(Cancel);
        lock (names) return [.. names];
    }

    [GeneratedRegex("embeddinggrpc_[a-z_0-9]+")]
    private static partial Regex MetricName();
}
