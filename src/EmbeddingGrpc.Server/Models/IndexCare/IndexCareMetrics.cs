using System.Diagnostics.Metrics;

namespace EmbeddingGrpc.Server.Models.IndexCare;

/// <summary>What looking after the indexes finds. One for the daemon; instruments are tagged with the model and with the index, <c>similar</c> or <c>next</c>.</summary>
public sealed class IndexCareMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "EmbeddingGrpc.IndexCare";

    private readonly Meter _meter;
    private readonly Counter<long> _orphans;
    private readonly Counter<long> _probes;
    private readonly Counter<long> _missed;
    private readonly Counter<long> _compactions;
    private readonly Counter<long> _calibrations;
    private readonly Gauge<double> _recall;
    private readonly Gauge<long> _tombstones;

    /// <summary>Makes the instruments.</summary>
    public IndexCareMetrics(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        _meter = meters.Create(MeterName);
        _orphans = _meter.CreateCounter<long>(
            "embeddinggrpc.index.orphans", "{item}", "Live items that no search could reach, found and linked again; above 0 is a defect");
        _probes = _meter.CreateCounter<long>("embeddinggrpc.index.probes", "{item}", "Items that were searched for by themselves");
        _missed = _meter.CreateCounter<long>("embeddinggrpc.index.missed", "{item}", "Items that a search for themselves did not find, reachable or not");
        _compactions = _meter.CreateCounter<long>("embeddinggrpc.index.compactions", "{build}", "Indexes built anew without what was deleted");
        _calibrations = _meter.CreateCounter<long>("embeddinggrpc.index.calibrations", "{calibration}", "Indexes calibrated anew because items came or went");
        _recall = _meter.CreateGauge<double>("embeddinggrpc.index.recall_at_10", "1", "Share of the true 10 nearest that the serving index finds, on a sample of queries");
        _tombstones = _meter.CreateGauge<long>("embeddinggrpc.index.tombstones", "{item}", "Deleted items that searches still walk through");
    }

    /// <summary>Items were probed.</summary>
    internal void Probed(string model, string index, int probed, int missed)
    {
        _probes.Add(probed, Tags(model, index));
        _missed.Add(missed, Tags(model, index));
    }

    /// <summary>Items were looked for that cannot be reached; told too where there were none, so that the instrument exists.</summary>
    internal void Repaired(string model, string index, int orphans) => _orphans.Add(orphans, Tags(model, index));

    /// <summary>Recall was measured.</summary>
    internal void Measured(string model, string index, double recall) => _recall.Record(recall, Tags(model, index));

    /// <summary>An index was built anew.</summary>
    internal void Compacted(string model, string index) => _compactions.Add(1, Tags(model, index));

    /// <summary>An index was calibrated anew.</summary>
    internal void Calibrated(string model, string index) => _calibrations.Add(1, Tags(model, index));

    /// <summary>Tombstones were counted.</summary>
    internal void Counted(string model, string index, int tombstones) => _tombstones.Record(tombstones, Tags(model, index));

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?>[] Tags(string model, string index) => [new("model", model), new("index", index)];
}
