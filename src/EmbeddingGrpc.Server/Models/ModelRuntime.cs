using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Models;

/// <summary>Everything that runs for one model.</summary>
public sealed class ModelRuntime : IAsyncDisposable
{
    /// <summary>Its name.</summary>
    public string Name => throw new NotImplementedException();

    /// <summary>Its options.</summary>
    public ModelOptions Options => throw new NotImplementedException();

    /// <summary>Its interactions on disk.</summary>
    public InteractionLog Log => throw new NotImplementedException();

    /// <summary>Its item keys.</summary>
    public ItemKeys Items => throw new NotImplementedException();

    /// <summary>Its users' recent histories.</summary>
    public UserHistories Histories => throw new NotImplementedException();

    /// <summary>What moves the log into the histories.</summary>
    public EventApplier Applier => throw new NotImplementedException();

    /// <summary>Its serving generation.</summary>
    public GenerationStore Generations => throw new NotImplementedException();

    /// <summary>What trains it.</summary>
    public TrainingWorker Training => throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
