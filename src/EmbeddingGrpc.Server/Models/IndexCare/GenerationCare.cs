using EmbeddingGrpc.Server.Catalog;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Models.IndexCare;

/// <summary>Looks after the indexes of one serving generation, whose lease its caller holds. One thread.</summary>
internal sealed class GenerationCare
{
    private readonly DeletedItems _deleted;
    private readonly TombstoneSync _tombstones;
    private readonly IndexKeeper[] _keepers;
    private readonly TimeProvider _time;
    private long? _measuredAt;

    public GenerationCare(string model, Generation generation, DeletedItems deleted, IndexCareMetrics metrics, TimeProvider time, ILogger logger)
    {
        (Generation, _deleted, _time) = (generation, deleted, time);
        _tombstones = new TombstoneSync(generation, deleted);
        var similar = new IndexKeeper(
            model, "similar", generation.SimilarIndex, shift => SampleQueries.ForSimilar(generation.Similarity, generation.HasSimilaritySpace, SampleQueries.Most, shift), metrics, logger);
        _keepers = generation.Info.PredictsNext
            ? [similar, new IndexKeeper(model, "next", generation.NextIndex, shift => SampleQueries.ForNext(generation.Input, SampleQueries.Most, shift), metrics, logger)]
            : [similar];
    }

    /// <summary>The generation. One that is loaded again has the same id, but is another one.</summary>
    public Generation Generation { get; }

    /// <summary>How many probes are due.</summary>
    public ProbePace Pace { get; } = new(IndexCareSchedule.LooksASecond);

    /// <summary>Searches for the next items of each index by themselves.</summary>
    /// <param name="count">How many.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public void Probe(int count, CancellationToken cancellationToken)
    {
        foreach (var keeper in _keepers) keeper.Probe(count, cancellationToken);
    }

    /// <summary>Does what else is due.</summary>
    /// <param name="measureEvery">How often recall is measured; zero for never.</param>
    /// <param name="items">Keys of the items there are.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public void Look(TimeSpan measureEvery, ItemKeys items, CancellationToken cancellationToken)
    {
        _tombstones.Run(items.Count, cancellationToken);
        foreach (var keeper in _keepers) keeper.Renew(cancellationToken);
        if (measureEvery == TimeSpan.Zero || (_measuredAt is { } at && _time.GetElapsedTime(at) < measureEvery)) return;
        _measuredAt = _time.GetTimestamp();
        var live = _deleted.Count == 0 ? null : new LiveItems(Generation, _deleted);
        foreach (var keeper in _keepers) keeper.Measure(live, cancellationToken);
    }
}
