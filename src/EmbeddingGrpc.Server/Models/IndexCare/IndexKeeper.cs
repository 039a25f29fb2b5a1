using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models.Overlay;

namespace EmbeddingGrpc.Server.Models.IndexCare;

/// <summary>
/// Looks after one index of one generation: probes that its items are found, links those that are not, calibrates it anew when items came or went,
/// builds it anew when a fifth of what it walks through is deleted. One thread.
/// </summary>
internal sealed class IndexKeeper
{
    private readonly string _model;
    private readonly string _name;
    private readonly OverlaidIndex _index;
    private readonly IndexRecall.Scanner _exact;
    private readonly Func<int, VectorTable> _queries;
    private readonly IndexCareMetrics _metrics;
    private readonly ILogger _logger;
    private int _next;
    private bool _repairedInRound;
    private int _measurements;

    /// <summary>Begins to look after an index.</summary>
    /// <param name="model">The model, for metrics.</param>
    /// <param name="name">The index, for metrics.</param>
    /// <param name="index">The index.</param>
    /// <param name="queries">Makes queries such as will come; other ones for other numbers.</param>
    /// <param name="metrics">Told what is found.</param>
    /// <param name="logger">Told what a person should know.</param>
    public IndexKeeper(string model, string name, OverlaidIndex index, Func<int, VectorTable> queries, IndexCareMetrics metrics, ILogger logger)
    {
        (_model, _name, _index, _exact, _queries, _metrics, _logger) = (model, name, index, index.ScanAll, queries, metrics, logger);
        metrics.Repaired(model, name, 0);
    }

    /// <summary>Searches for the next items by themselves; where one is not found, looks for all that cannot be reached and links them.</summary>
    /// <param name="count">How many.</param>
    /// <param name="cancellationToken">Checked between searches.</param>
    /// <returns>Items that could not be reached.</returns>
    public int Probe(int count, CancellationToken cancellationToken)
    {
        if (_index.Graph is not { } graph || graph.Items == 0 || count == 0) return 0;
        var first = _next < graph.Items ? _next : 0;
        var result = graph.Probe(new ItemOrdinal(first), count, cancellationToken);
        _metrics.Probed(_model, _name, result.Probed, result.Missed);
        _next = first + count;
        // An item can be missed and yet be reachable, by queries nearer to it: only the walk through all links tells. It takes seconds where there are
        // a million items, and so is done at the first miss of a round and at its end.
        var roundEnded = _next >= graph.Items;
        var isSuspect = result.Missed > 0 && !_repairedInRound;
        if (!isSuspect && !roundEnded) return 0;
        _repairedInRound = !roundEnded;
        var orphans = graph.Repair(cancellationToken);
        _metrics.Repaired(_model, _name, orphans);
        if (orphans > 0) IndexCareLog.Repaired(_logger, _model, _name, orphans, graph.Count);
        return orphans;
    }

    /// <summary>Builds the index anew where that is due, and calibrates it anew where that is.</summary>
    /// <returns>Whether one of the two was.</returns>
    public bool Renew(CancellationToken cancellationToken)
    {
        if (_index.Graph is not { } graph) return false;
        _metrics.Counted(_model, _name, graph.Tombstones);
        if (graph.NeedsCompaction)
        {
            var (tombstones, items) = (graph.Tombstones, graph.Count);
            using var queries = _queries(0);
            _index.Compact(queries, cancellationToken);
            _metrics.Compacted(_model, _name);
            _metrics.Counted(_model, _name, _index.Graph!.Tombstones);
            IndexCareLog.Compacted(_logger, _model, _name, items, tombstones);
            return true;
        }

        if (!graph.NeedsCalibration) return false;
        using var sample = _queries(0);
        var calibration = graph.Calibrate(sample, cancellationToken);
        _metrics.Calibrated(_model, _name);
        IndexCareLog.Calibrated(_logger, _model, _name, calibration.Items);
        return true;
    }

    /// <summary>Measures recall@10 against exact search.</summary>
    /// <param name="live">What may be answered; null for all.</param>
    /// <param name="cancellationToken">Checked between blocks of rows and between queries.</param>
    public double Measure(IItemFilter? live, CancellationToken cancellationToken)
    {
        // Other queries each time, so that over the day all items are asked about.
        using var queries = _queries(++_measurements * 31);
        var recall = IndexRecall.Measure(_index.Search, _exact, _index.Count, queries, new SearchParameters(10, Filter: live), cancellationToken);
        _metrics.Measured(_model, _name, recall);
        return recall;
    }
}
