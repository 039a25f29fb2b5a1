namespace EmbeddingGrpc.Cli.Recall;

/// <summary>What became of a file of sessions.</summary>
/// <param name="Sessions">Lines of the file, each of which has its line in the output.</param>
/// <param name="Answered">Lines with at least one item.</param>
/// <param name="Failed">Sessions that the daemon refused.</param>
/// <param name="FirstError">What it said of the first of them.</param>
/// <param name="GenerationId">The generation that answered last.</param>
/// <param name="Seconds">From the first line read to the last one written.</param>
internal sealed record RecallFileSummary(long Sessions, long Answered, long Failed, string? FirstError, string GenerationId, double Seconds)
{
    /// <summary>Sessions answered a second.</summary>
    public double SessionsPerSecond => Seconds > 0 ? Math.Round(Sessions / Seconds, 1) : 0;
}
