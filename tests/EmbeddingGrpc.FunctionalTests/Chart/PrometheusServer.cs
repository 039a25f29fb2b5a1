using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using EmbeddingGrpc.FunctionalTests.Harness;

namespace EmbeddingGrpc.FunctionalTests.Chart;

/// <summary>A real Prometheus that scrapes one daemon every second, with the labels that the chart's ServiceMonitor gives. Killed with its test.</summary>
internal sealed partial class PrometheusServer : IAsyncDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly ConcurrentQueue<string> _output = new();
    private readonly HttpClient _http = new();
    private readonly Process _process;

    private PrometheusServer(string program, Uri daemon, string rules)
    {
        File.WriteAllText(_folder.File("rules.yaml"), rules);
        File.WriteAllText(_folder.File("prometheus.yaml"), $$"""
            global: {scrape_interval: 1s, evaluation_interval: 1s}
            rule_files: [rules.yaml]
            scrape_configs:
              - job_name: recall
                static_configs:
                  - targets: ["{{daemon.Authority}}"]
                    labels: {namespace: recall, pod: shop-embedding-grpc-0, service: shop-embedding-grpc-headless}
            """);
        string[] arguments = [$"--config.file={_folder.File("prometheus.yaml")}", $"--storage.tsdb.path={_folder.File("data")}", "--web.listen-address=127.0.0.1:0"];
        _process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        _process.ErrorDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
    }

    public static async Task<PrometheusServer> StartAsync(Uri daemon, string rules, CancellationToken cancellationToken)
    {
        var server = new PrometheusServer(InstalledProgram.Require("prometheus"), daemon, rules);
        try
        {
            await Eventually.TrueAsync("Prometheus listens", () =>
            {
                if (server._process.HasExited) Assert.Fail(string.Join(Environment.NewLine, server._output));
                if (server._output.Select(line => Listening().Match(line)).FirstOrDefault(match => match.Success) is not { } found) return false;
                server._http.BaseAddress = new Uri($"http://{found.Groups[1].Value}");
                return true;
            }, cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>The series that an expression gives now.</summary>
    public async Task<JsonArray> QueryAsync(string expression, CancellationToken cancellationToken) =>
        (await GetAsync($"/api/v1/query?query={Uri.EscapeDataString(expression)}", cancellationToken))["result"]!.AsArray();

    /// <summary>The rules, each with its state and its health.</summary>
    public async Task<IReadOnlyList<JsonNode>> RulesAsync(CancellationToken cancellationToken) =>
        [.. (await GetAsync("/api/v1/rules", cancellationToken))["groups"]!.AsArray().SelectMany(group => group!["rules"]!.AsArray()).Select(rule => rule!)];

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _http.Dispose();
        _folder.Dispose();
    }

    private async Task<JsonNode> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await _http.GetAsync(path, cancellationToken);
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"{path}: {body}");
        return JsonNode.Parse(body)!["data"]!;
    }

    [GeneratedRegex("msg=\"Listening on\" address=([0-9.:]+)")]
    private static partial Regex Listening();
}
