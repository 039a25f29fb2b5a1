using EmbeddingGrpc.Cli.Models;

namespace EmbeddingGrpc.Cli.Status;

/// <summary>What a daemon is doing, as <c>--json</c> shows it. What only the HTTP port knows is null where that cannot be reached.</summary>
internal sealed record DaemonStatus
{
    public required IReadOnlyList<ModelDocument> Models { get; init; }

    /// <summary>Models that exist and could not be opened.</summary>
    public required IReadOnlyList<string> Unavailable { get; init; }

    public ProcessStatus? Process { get; init; }

    public RecallStatus? Recall { get; init; }

    public IngestStatus? Ingest { get; init; }
}
