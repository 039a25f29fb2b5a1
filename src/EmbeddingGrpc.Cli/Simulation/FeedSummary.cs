namespace EmbeddingGrpc.Cli.Simulation;

/// <summary>What a feed has sent, all of it on the daemon's disk.</summary>
/// <param name="Interactions">How many.</param>
/// <param name="NewItems">Things that came up meanwhile.</param>
/// <param name="Seconds">How long it took.</param>
internal sealed record FeedSummary(long Interactions, long NewItems, double Seconds)
{
    public double InteractionsPerSecond => Seconds > 0 ? Interactions / Seconds : 0;
}
