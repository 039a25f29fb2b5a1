using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Catalog;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Models.IndexCare;
using EmbeddingGrpc.Server.Models.Overlay;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Training;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EmbeddingGrpc.Server.Tests.Models.IndexCare;

/// <summary>A generation with two graphs, what looks after it, and a listener that sums what that tells.</summary>
internal sealed class CaredGeneration : IDisposable
{
    public const int Dimension = 8;

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<(string Instrument, string Index), double> _told = new();
    private readonly IndexCareMetrics _metrics;
    private long _offset;

    public CaredGeneration(int items)
    {
        var options = new HnswOptions { M = 6, EfConstruction = 48, BuildThreads = 1 };
        var (input, output) = (TestGenerations.Vectors(items, Dimension, seed: 1), TestGenerations.Vectors(items, Dimension, seed: 2));
        for (var item = 0; item < items; item++) Keys.GetOrAdd($"item-{item}");
        Generation = new Generation(
            new GenerationParts
            {
                TrainedOffset = new LogOffset(1),
                Vocabulary = Vocabulary.Create(Enumerable.Range(0, items).Select(item => ($"item-{item}", (long)items - item))),
                Input = input,
                Output = output,
                Similar = HnswIndex.Build(input, SimilarityMetric.Cosine, options),
                Next = HnswIndex.Build(output, SimilarityMetric.DotProduct, options),
            },
            Keys);
        Deleted = new DeletedItems(Time);
        var factory = _services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            // Meters of other tests run in the same process.
            if (instrument.Meter.Scope == factory) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>(Tell);
        _listener.SetMeasurementEventCallback<double>(Tell);
        _listener.Start();
        _metrics = new IndexCareMetrics(factory);
        Care = new GenerationCare("m", Generation, Deleted, _metrics, Time, NullLogger.Instance);
    }

    public ItemKeys Keys { get; } = new();

    public FakeTimeProvider Time { get; } = new();

    public Generation Generation { get; }

    public DeletedItems Deleted { get; }

    public GenerationCare Care { get; }

    public OverlaidIndex[] Indexes => [Generation.SimilarIndex, Generation.NextIndex];

    /// <summary>The sum of a counter, or the last value of a gauge.</summary>
    public double Told(string instrument, string index) => _told[($"embeddinggrpc.index.{instrument}", index)];

    public void Look(int probes = 0, TimeSpan measureEvery = default)
    {
        Care.Look(measureEvery, Keys, TestContext.Current.CancellationToken);
        Care.Probe(probes, TestContext.Current.CancellationToken);
    }

    public void Delete(params IEnumerable<int> items)
    {
        foreach (var item in items) Deleted.Add(new ItemKey(item), Keys.IdOf(new ItemKey(item)), ++_offset);
    }

    public void Restore(params IEnumerable<int> items)
    {
        foreach (var item in items) Deleted.Remove(new ItemKey(item), Keys.IdOf(new ItemKey(item)), ++_offset);
    }

    /// <summary>All items that an index finds when it is asked for all: what a graph lacks, this does not find.</summary>
    public HashSet<int> FindAll(OverlaidIndex index)
    {
        var results = new Neighbor[index.Count];
        var found = index.Search(Generation.InputOf(new ItemOrdinal(0)), new SearchParameters(results.Length), results, TestContext.Current.CancellationToken);
        var items = results[..found].Select(neighbor => neighbor.Item.Value).ToHashSet();
        Assert.Equal(found, items.Count);
        return items;
    }

    public void Dispose()
    {
        Generation.Release();
        _listener.Dispose();
        _metrics.Dispose();
        _services.Dispose();
    }

    private void Tell<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
        where T : struct
    {
        var number = Convert.ToDouble(value, System.Globalization.CultureInfo.InvariantCulture);
        var index = tags.ToArray().Single(tag => tag.Key == "index").Value!.ToString()!;
        _told.AddOrUpdate((instrument.Name, index), number, (_, before) => instrument is Counter<long> ? before + number : number);
    }
}
