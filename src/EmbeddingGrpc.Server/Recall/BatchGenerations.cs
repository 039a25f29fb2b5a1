using EmbeddingGrpc.Server.Models;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>The generations that one batch is answered by: each model's is leased once and kept until the whole batch is answered. Thread-safe.</summary>
public sealed class BatchGenerations : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ModelRuntime, GenerationLease> _leases = [];

    /// <summary>The generation that answers this batch's queries to a model.</summary>
    /// <exception cref="NoGenerationException">The model's generations are still being loaded.</exception>
    public Generation Of(ModelRuntime model)
    {
        ArgumentNullException.ThrowIfNull(model);
        lock (_gate)
        {
            if (_leases.TryGetValue(model, out var lease)) return lease.Generation;
            if (!model.TryLeaseForRecall(out lease)) throw new NoGenerationException(model.Name);
            _leases.Add(model, lease);
            return lease.Generation;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var lease in _leases.Values) lease.Dispose();
        _leases.Clear();
    }
}
