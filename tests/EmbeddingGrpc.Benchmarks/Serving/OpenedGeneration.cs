using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Models.Files;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Graph;
using EmbeddingGrpc.Server.Recall;

namespace EmbeddingGrpc.Benchmarks.Serving;

/// <summary>A generation on disk, opened in this process to be searched without a daemon around it.</summary>
internal sealed class OpenedGeneration : IDisposable
{
    private readonly GenerationStore _store = new();
    private readonly GenerationLease _lease;

    /// <summary>Opens a directory below <c>models/NAME/generations</c>.</summary>
    public OpenedGeneration(string directory)
    {
        var items = new ItemKeys();
        _store.Publish(new Generation(GenerationLoader.Load(directory, new IndexOpenOptions { Mapped = false }), items));
        _store.TryLease(out _lease);
        Space = new RecallSpace(_lease.Generation, items, new ItemGraph(new ItemGraphOptions()));
    }

    /// <summary>What is searched.</summary>
    public RecallSpace Space { get; }

    public void Dispose()
    {
        _lease.Dispose();
        _store.Dispose();
    }
}
