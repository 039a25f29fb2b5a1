using System.Numerics.Tensors;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Recall.Blending;

namespace EmbeddingGrpc.Server.Recall.Users;

/// <summary>
/// What stands for a user: the mean of the W1 rows of the history, each at unit length and by its pull, which is what a recall asks the embeddings with, brought
/// to unit length itself. Stateless.
/// </summary>
internal sealed class HistoryVector(RecallOptions options)
{
    private static readonly RecallQuery Plain = new() { Subject = new UserSubject("any") };

    private readonly PullCollector _pulls = new(options);

    /// <summary>Makes the vector of a history.</summary>
    /// <param name="space">What knows the items.</param>
    /// <param name="history">Oldest first.</param>
    /// <param name="scratch">Worked in; holds the pulls afterwards.</param>
    /// <param name="vector">[dimension]; overwritten.</param>
    /// <returns>False where the generation knows nothing that pulls.</returns>
    public bool TryMake(in RecallSpace space, ReadOnlySpan<HistoryEvent> history, RecallScratch scratch, Span<float> vector)
    {
        Collect(space, history, scratch);
        return TryMix(space.Generation, scratch.Pulls, vector);
    }

    /// <summary>Finds what pulls in a history, newest first, as a plain recall of the user would.</summary>
    public void Collect(in RecallSpace space, ReadOnlySpan<HistoryEvent> history, RecallScratch scratch)
    {
        scratch.Reset();
        _pulls.FromHistory(space, history, Plain, scratch);
    }

    /// <summary>Makes the vector of what pulls.</summary>
    /// <returns>False where the generation knows nothing of it.</returns>
    public static bool TryMix(Generation generation, List<Pull> pulls, Span<float> vector)
    {
        vector.Clear();
        foreach (var pull in pulls)
        {
            if (pull.Item.IsInGeneration) EmbeddingScale.AddUnit(generation.InputOf(pull.Item.Ordinal), pull.Weight, vector);
        }

        var inverse = EmbeddingScale.InverseNorm(vector);
        if (!(inverse > 0) || !float.IsFinite(inverse)) return false;
        TensorPrimitives.Multiply(vector, inverse, vector);
        return true;
    }
}
