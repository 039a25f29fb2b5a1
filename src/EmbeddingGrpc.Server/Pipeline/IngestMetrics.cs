using System.Diagnostics;
using System.Diagnostics.Metrics;
using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>What ingestion counts and times. One for the daemon; instruments are tagged with the model.</summary>
public sealed class IngestMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "EmbeddingGrpc.Ingest";

    private readonly Meter _meter;
    private readonly Counter<long> _interactions;
    private readonly UpDownCounter<long> _streams;
    private readonly Histogram<double> _duration;

    /// <summary>Creates the instruments.</summary>
    public IngestMetrics(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        _meter = meters.Create(MeterName);
        _interactions = _meter.CreateCounter<long>(
            "embeddinggrpc.ingest.interactions", "{interaction}", "Interactions by result: appended, duplicate (known already), rejected (by validation).");
        _streams = _meter.CreateUpDownCounter<long>("embeddinggrpc.ingest.streams", "{stream}", "Open event streams.");
        _duration = _meter.CreateHistogram(
            "embeddinggrpc.ingest.append.duration", "s", "Time from a request that was read to its interactions being durable.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });
    }

    /// <summary>A request's interactions are durable.</summary>
    /// <param name="model">The model.</param>
    /// <param name="result">What the log did.</param>
    /// <param name="rejected">How many were refused.</param>
    /// <param name="received">When the request had been read, a timestamp of <see cref="Stopwatch"/>.</param>
    public void Appended(string model, in AppendResult result, int rejected, long received)
    {
        Count(model, "appended", result.Appended);
        Count(model, "duplicate", result.Duplicates);
        Count(model, "rejected", rejected);
        _duration.Record(Stopwatch.GetElapsedTime(received).TotalSeconds, new KeyValuePair<string, object?>("model", model));
    }

    /// <summary>A stream was opened; disposing says that it was closed.</summary>
    public IDisposable StreamOpened(string model) => new OpenStream(_streams, new KeyValuePair<string, object?>("model", model));

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private void Count(string model, string result, int interactions)
    {
        if (interactions > 0) _interactions.Add(interactions, new("model", model), new("result", result));
    }

    private sealed class OpenStream : IDisposable
    {
        private readonly UpDownCounter<long> _streams;
        private readonly KeyValuePair<string, object?> _model;

        public OpenStream(UpDownCounter<long> streams, KeyValuePair<string, object?> model)
        {
            (_streams, _model) = (streams, model);
            _streams.Add(1, _model);
        }

        public void Dispose() => _streams.Add(-1, _model);
    }
}
