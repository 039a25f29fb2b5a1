namespace EmbeddingGrpc.Cli.Bench;

/// <summary>What an ingestion load measured.</summary>
/// <param name="InteractionsPerSecond">From the first one sent to the last one durable.</param>
/// <param name="AckP50Ms">A batch's time from its last interaction sent to its durable acknowledgement, median.</param>
/// <param name="AckP99Ms">The same, 99th percentile.</param>
/// <param name="AppliedLagMs">From the last acknowledgement until everything was applied to the user histories.</param>
/// <param name="Interactions">Sent and durable.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Rejected">Refused by the daemon.</param>
/// <param name="Streams">Streams at once.</param>
/// <param name="Batch">Interactions a message.</param>
/// <param name="FsyncP50Ms">What an fsync of the daemon's disk took just before, median; null where the disk was not named.</param>
/// <param name="FsyncP99Ms">The same, 99th percentile.</param>
/// <param name="RssMbStart">Memory of the daemon that was in RAM before the load, in MB; null where its HTTP address was not named.</param>
/// <param name="RssMbMiddle">The same when half of the load was over.</param>
/// <param name="RssMbEnd">The same after it.</param>
/// <param name="RssMbPeak">The most of it that was seen.</param>
internal sealed record IngestReport(
    double InteractionsPerSecond, double AckP50Ms, double AckP99Ms, double AppliedLagMs, long Interactions, double Seconds, long Rejected, int Streams, int Batch,
    double? FsyncP50Ms = null, double? FsyncP99Ms = null, double? RssMbStart = null, double? RssMbMiddle = null, double? RssMbEnd = null, double? RssMbPeak = null);
