using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using EmbeddingGrpc.Server.Recall;
using Microsoft.Extensions.DependencyInjection;

namespace EmbeddingGrpc.Server.Tests.Cache;

/// <summary>Recall metrics with a listener that sums what they tell.</summary>
public sealed class TestMetrics : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<(string Instrument, string Tag, string Value), long> _counts = new();
    private readonly ConcurrentDictionary<string, long> _totals = new();

    public TestMetrics()
    {
        var factory = _services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            // Meters of other tests run in the same process.
            if (instrument.Meter.Scope == factory) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Sum(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Sum(instrument, 1, tags));
        _listener.Start();
        Metrics = new RecallMetrics(factory);
    }

    public RecallMetrics Metrics { get; }

    /// <summary>The sum of a counter, or the number of records of a histogram, where a tag has a value.</summary>
    public long Count(string instrument, string tag, string value)
    {
        _listener.RecordObservableInstruments();
        return _counts.GetValueOrDefault((instrument, tag, value));
    }

    /// <summary>The sum of a counter without tags.</summary>
    public long Total(string instrument) => _totals.GetValueOrDefault(instrument);

    public void Dispose()
    {
        _listener.Dispose();
        Metrics.Dispose();
        _services.Dispose();
    }

    private void Sum(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        _totals.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value);
        foreach (var tag in tags) _counts.AddOrUpdate((instrument.Name, tag.Key, (string)tag.Value!), value, (_, sum) => instrument.IsObservable ? value : sum + value);
    }
}
