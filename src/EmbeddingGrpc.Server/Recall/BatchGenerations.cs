using EmbeddingGrpc.Server.Models;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>The generations that one batch is answered by: each model's is leased once and kept until the whole batch is answered. Thread-safe.</summary>
public sealed class BatchGenerations : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ModelRuntime, GenerationLease> _leases = [];

    // Nearly every batch asks one model, and its queries need not take turns for that.
    private Leased? _latest;

    /// <summary>The generation that answers this batch's queries to a model.</summary>
    /// <exception cref="NoGenerationException">The model's generations are still being loaded.</exception>
    public Generation Of(ModelRuntime model)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (Volatile.Read(ref _latest) is { } latest && ReferenceEquals(latest.Model, model)) return latest.Generation;
        lock (_gate)
        {
            if (_leases.TryGetValue(model, out var lease)) return lease.Generation;
            if (!model.TryLeaseForRecall(out lease)) throw new NoGenerationException(model.Name);
            _leases.Add(model, lease);
            Volatile.Write(ref _latest, new Leased(model, lease.Generation));
            return lease.Generation;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var lease in _leases.Values) lease.Dispose();
        _leases.Clear();
    }

    private sealed record Leased(ModelRuntime Model, Generation Generation);
}
