using EmbeddingGrpc.Cli.Models;
using EmbeddingGrpc.Client;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Status;

/// <summary>Asks a daemon how it is: its models by gRPC, the rest from its HTTP port.</summary>
/// <param name="client">The gRPC port.</param>
/// <param name="http">Has the HTTP port as its base address.</param>
internal sealed class StatusReader(EmbeddingClient client, HttpClient http)
{
    private const string RecallDuration = "embeddinggrpc_recall_duration_seconds";
    private const string Interactions = "embeddinggrpc_ingest_interactions_total";

    /// <summary>Why the HTTP port was not read the last time; null when it was.</summary>
    public string? HttpProblem { get; private set; }

    /// <summary>Looks once.</summary>
    public async Task<DaemonStatus> ReadAsync(CancellationToken cancellationToken)
    {
        var models = await client.Models.ListModelsAsync(new ListModelsRequest(), cancellationToken: cancellationToken);
        var status = new DaemonStatus
        {
            Models = [.. models.Models.Select(ModelDocument.Of)],
            Unavailable = [.. models.Unavailable.Select(model => $"{model.Name}: {model.Reason}")],
        };
        return await ReadMetricsAsync(cancellationToken) is { } metrics ? WithMetrics(status, metrics) : status;
    }

    private static DaemonStatus WithMetrics(DaemonStatus status, MetricsPage metrics) => status with
    {
        Process = new ProcessStatus(
            metrics.Sum("dotnet_process_memory_working_set_bytes"),
            metrics.Sum("dotnet_gc_last_collection_heap_size_bytes"),
            SumOfServing(status, "size.vector_bytes"),
            SumOfServing(status, "size.index_bytes"),
            metrics.Sum("dotnet_process_cpu_time_seconds_total")),
        Recall = new RecallStatus(
            metrics.Sum(RecallDuration + "_count"),
            metrics.Sum(RecallDuration + "_count", ("source", "search")),
            metrics.Sum(RecallDuration + "_count", ("source", "memory")),
            metrics.Sum(RecallDuration + "_count", ("source", "redis")),
            metrics.Quantile(RecallDuration, 0.50),
            metrics.Quantile(RecallDuration, 0.99)),
        Ingest = new IngestStatus(
            metrics.Sum("embeddinggrpc_ingest_streams"),
            metrics.Sum(Interactions, ("result", "appended")),
            metrics.Sum(Interactions, ("result", "rejected")),
            metrics.Sum(Interactions, ("result", "duplicate"))),
    };

    private static double SumOfServing(DaemonStatus status, string metric) =>
        status.Models.Sum(model => model.Serving?.Metrics.GetValueOrDefault(metric) ?? 0);

    private async Task<MetricsPage?> ReadMetricsAsync(CancellationToken cancellationToken)
    {
        try
        {
            var page = MetricsPage.Parse(await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), cancellationToken));
            HttpProblem = null;
            return page;
        }
        catch (HttpRequestException e)
        {
            HttpProblem = $"cannot read {new Uri(http.BaseAddress!, "/metrics")} ({e.Message}): memory, recall and cache are not shown; pass --http";
            return null;
        }
        catch (TaskCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            HttpProblem = $"cannot read {new Uri(http.BaseAddress!, "/metrics")} ({e.Message}): memory, recall and cache are not shown";
            return null;
        }
    }
}
