namespace EmbeddingGrpc.Cli.Ingestion;

/// <summary>What became of a file.</summary>
/// <param name="Interactions">Interactions found in it and offered to the daemon, the refused ones included.</param>
/// <param name="AlreadyThere">Of these, how many the daemon had from an earlier run.</param>
/// <param name="Refused">Interactions and lines that were refused.</param>
/// <param name="FilteredLines">Lines left out on purpose.</param>
/// <param name="Seconds">From the first line read to the last acknowledgement.</param>
internal sealed record IngestSummary(long Interactions, long AlreadyThere, long Refused, long FilteredLines, double Seconds)
{
    /// <summary>Interactions that are on the daemon's disk now and were not before.</summary>
    public long Added => Interactions - AlreadyThere - Refused;

    /// <summary>Durable interactions a second, for those that were new.</summary>
    public double InteractionsPerSecond => Seconds > 0 ? Added / Seconds : 0;
}
