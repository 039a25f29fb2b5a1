using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using EmbeddingGrpc.Server.Models;
using Microsoft.Extensions.DependencyInjection;

namespace EmbeddingGrpc.Server.Tests.Models;

public sealed class ModelMetricsTests : IDisposable
{
    private readonly TemporaryDirectory _temporary = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().AddSingleton<ModelRegistry>().AddSingleton<ModelMetrics>().BuildServiceProvider();
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, double> _told = new(StringComparer.Ordinal);

    public ModelMetricsTests()
    {
        var factory = _services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            // Meters of other tests run in the same process.
            if (instrument.Meter.Scope == factory) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => _told[NameOf(instrument, tags)] = value);
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => _told[NameOf(instrument, tags)] = value);
        _listener.Start();
    }

    [Fact]
    public void Swapped_ASwap_TellsOfItsStepsAndTheLongestRecall()
    {
        var metrics = _services.GetRequiredService<ModelMetrics>();
        _listener.RecordObservableInstruments();
        Assert.DoesNotContain("embeddinggrpc.generation.swap.longest_recall model=default", _told.Keys);

        metrics.Swapped("default", new SwapTimes(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(0.5)));
        _listener.RecordObservableInstruments();

        Assert.Equal(
            [1, 2, 3, 4, 0.5],
            new[] { "duration model=default step=open", "duration model=default step=warm_up", "duration model=default step=fold_in", "duration model=default step=point", "longest_recall model=default" }
                .Select(name => _told[$"embeddinggrpc.generation.swap.{name}"]));
    }

    [Fact]
    public async Task FoldIn_NothingToDo_TellsOfNothingThatWaitsAndOfWhatWasDropped()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path);
        _services.GetRequiredService<ModelMetrics>();
        _services.GetRequiredService<ModelRegistry>().Add(model.Runtime);
        await model.AppendAsync(TestModel.Camps(users: 40, itemsOfCamp: 10, length: 10));
        await model.TrainAsync();
        await model.Runtime.WaitForFoldInAsync(model.Runtime.Log.DurableOffset, TestContext.Current.CancellationToken);
        model.Runtime.Generations.FoldIn.Drop();

        _listener.RecordObservableInstruments();

        Assert.Equal([0, 0, 0, 1], new[] { "backlog", "waiting", "waiting_for_better", "dropped" }.Select(name => _told[$"embeddinggrpc.fold_in.{name} model=default"]));
    }

    public void Dispose()
    {
        _listener.Dispose();
        _services.Dispose();
        _temporary.Dispose();
    }

    private static string NameOf(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var name = instrument.Name;
        foreach (var (tag, value) in tags) name += $" {tag}={value}";
        return name;
    }
}
