namespace EmbeddingGrpc.Cli.Bench.Freshness;

/// <summary>What a freshness load measured.</summary>
/// <param name="Items">Items of the imported model.</param>
/// <param name="Dimension">Values of a vector.</param>
/// <param name="Rate">Interactions a second asked for.</param>
/// <param name="NewItems">New items a second asked for.</param>
/// <param name="WarmUpSeconds">How long the load ran before anything was measured.</param>
/// <param name="Seconds">How long the load ran, that included.</param>
/// <param name="ImportSeconds">From the first byte of the vectors until they served.</param>
/// <param name="InteractionsPerSecond">Interactions that were durable, a second.</param>
/// <param name="NewItemsSent">New items with three interactions.</param>
/// <param name="NewItemsMeasured">Those that were waited for.</param>
/// <param name="NewItemsMissed">Those of them that could not be recalled within <see cref="FreshnessLooks.Patience"/>.</param>
/// <param name="NewItemP50Ms">From the third interaction durable until the item is among the 50 nearest of one of its contexts; median. A missed one counts as the patience.</param>
/// <param name="NewItemP99Ms">99th percentile.</param>
/// <param name="UserEventsMeasured">Interactions of users that were waited for.</param>
/// <param name="UserEventP50Ms">From the interaction durable until the user's recall is made of it; median.</param>
/// <param name="UserEventP99Ms">99th percentile.</param>
/// <param name="Recalls">Recalls of the open load beside all that.</param>
/// <param name="RecallP50Ms">Their latency, from the scheduled start; median.</param>
/// <param name="RecallP99Ms">99th percentile.</param>
/// <param name="ColdShareCatalogue">Share of the items that can be recalled that were folded in.</param>
/// <param name="ColdShareUnrelated">Share of such items in the 50 nearest of items that they have nothing to do with.</param>
/// <param name="HubRatio">The latter to the former: above 2, new items are hubs that crowd into lists of others.</param>
/// <param name="RssMbStart">The daemon's memory in RAM before the load, in MB; null without <c>--http</c>.</param>
/// <param name="RssMbEnd">The same after it.</param>
/// <param name="RssMbPeak">The most that was seen, looked at once a second.</param>
/// <param name="Missed">Some of the items that were missed.</param>
/// <param name="RecallsRefused">Recalls of any kind that the daemon refused because it had too much to do.</param>
internal sealed record FreshnessReport(
    int Items,
    int Dimension,
    int Rate,
    int NewItems,
    double WarmUpSeconds,
    double Seconds,
    double ImportSeconds,
    double InteractionsPerSecond,
    long NewItemsSent,
    long NewItemsMeasured,
    long NewItemsMissed,
    double NewItemP50Ms,
    double NewItemP99Ms,
    long UserEventsMeasured,
    double UserEventP50Ms,
    double UserEventP99Ms,
    long Recalls,
    double RecallP50Ms,
    double RecallP99Ms,
    double ColdShareCatalogue,
    double ColdShareUnrelated,
    double HubRatio,
    double? RssMbStart,
    double? RssMbEnd,
    double? RssMbPeak,
    IReadOnlyList<string> Missed,
    long RecallsRefused);
