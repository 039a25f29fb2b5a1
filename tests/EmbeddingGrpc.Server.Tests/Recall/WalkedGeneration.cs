using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Tests.Models;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Tests.Recall;

/// <summary>A generation with more items than an index scans, shared by the tests of a class: its keys may grow, its items stay.</summary>
public sealed class WalkedGeneration : IDisposable
{
    public const int Items = 12_000;

    private const int Dimension = 12;

    private readonly GenerationStore _store = new();
    private readonly GenerationLease _lease;

    public WalkedGeneration()
    {
        var options = new HnswOptions { M = 8, EfConstruction = 40, EfSearch = 40, BuildThreads = 1 };
        var (input, output) = (TestGenerations.Vectors(Items, Dimension, seed: 1), TestGenerations.Vectors(Items, Dimension, seed: 2));
        _store.Publish(new Generation(
            new GenerationParts
            {
                TrainedOffset = new LogOffset(1),
                // The first is the most frequent, so that ordinals are positions.
                Vocabulary = Vocabulary.Create(Enumerable.Range(0, Items).Select(item => ($"item-{item}", (long)Items - item))),
                Input = input,
                Output = output,
                Similar = HnswIndex.Build(input, SimilarityMetric.Cosine, options),
                Next = HnswIndex.Build(output, SimilarityMetric.DotProduct, options),
            },
            Keys));
        _store.TryLease(out _lease);
    }

    public ItemKeys Keys { get; } = new();

    public Generation Generation => _lease.Generation;

    public void Dispose()
    {
        _lease.Dispose();
        _store.Dispose();
    }
}
