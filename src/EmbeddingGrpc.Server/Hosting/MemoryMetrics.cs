using System.Diagnostics.Metrics;
using EmbeddingGrpc.Server.Cache;
using EmbeddingGrpc.Server.Models;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>Where the memory is: what each room holds, and what the process has of it in RAM against what it may use.</summary>
public sealed class MemoryMetrics : IHostedService, IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "EmbeddingGrpc.Memory";

    private readonly Meter _meter;
    private readonly ModelRegistry _registry;
    private readonly MemoryLevel _answers;

    /// <summary>Creates the instruments.</summary>
    public MemoryMetrics(IMeterFactory meters, ModelRegistry registry, MemoryLevel answers)
    {
        ArgumentNullException.ThrowIfNull(meters);
        (_registry, _answers) = (registry, answers);
        _meter = meters.Create(MeterName);
        _meter.CreateObservableGauge(
            "embeddinggrpc.memory.room", Rooms, "By",
            "Memory that each room holds, by model where it is a model's; vectors that serve are mapped files, indexes, histories and item graph are native, most others are on the managed heap");
        _meter.CreateObservableGauge(
            "embeddinggrpc.memory.process", Kinds, "By",
            "Memory of the process in RAM by kind: managed (the collector's), native (anonymous, not the collector's), mapped (pages of files, which the kernel may drop and read again)");
        _meter.CreateObservableGauge("embeddinggrpc.memory.resident", () => ProcessMemory.Read().Resident, "By", "Memory of the process in RAM, mapped files included");
        _meter.CreateObservableGauge("embeddinggrpc.memory.limit", MemoryLimit.Read, "By", "Memory that the process may use: the limit of its container, else the machine's memory");
        _meter.CreateObservableGauge(
            "embeddinggrpc.memory.heap.limit", () => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, "By",
            "What the managed heap may grow to: DOTNET_GCHeapHardLimit, else 75% of the container's limit, else the machine's memory");
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<long>> Rooms()
    {
        yield return new Measurement<long>(_answers.SizeBytes, new KeyValuePair<string, object?>("room", "answers"));
        foreach (var model in _registry.Models)
        {
            foreach (var (room, bytes) in RoomsOf(model)) yield return new Measurement<long>(bytes, new("model", model.Name), new("room", room));
        }
    }

    private static List<(string Room, long Bytes)> RoomsOf(ModelRuntime model)
    {
        var rooms = new List<(string, long)>();
        // A model that is fed by another's events keeps nothing of its own of them.
        if (model.EventsFrom is null)
        {
            rooms.Add(("log_buffers", model.Log.QueuedBytes));
            rooms.Add(("item_keys", model.Items.SizeBytes));
            rooms.Add(("histories", model.Histories.SizeBytes));
            rooms.Add(("counters", model.Counters.SizeBytes));
            rooms.Add(("item_graph", model.Graph.SizeBytes));
            rooms.Add(("catalogue", model.Catalog.SizeBytes));
        }

        rooms.Add(("similar_users", model.UserVectors.SizeBytes));
        rooms.Add(("training", model.Training.HeldBytes));
        if (!model.Generations.TryLease(out var lease)) return rooms;
        using (lease)
        {
            var generation = lease.Generation;
            rooms.Add(("vectors", generation.VectorBytes));
            rooms.Add(("indexes", generation.IndexBytes));
            rooms.Add(("vocabulary", generation.Vocabulary.SizeBytes));
            rooms.Add(("folded_in", generation.OverlayBytes));
        }

        return rooms;
    }

    private static Measurement<long>[] Kinds()
    {
        var memory = ProcessMemory.Read();
        return
        [
            new(memory.Managed, new KeyValuePair<string, object?>("kind", "managed")),
            new(memory.Native, new KeyValuePair<string, object?>("kind", "native")),
            new(memory.Mapped, new KeyValuePair<string, object?>("kind", "mapped")),
        ];
    }
}
