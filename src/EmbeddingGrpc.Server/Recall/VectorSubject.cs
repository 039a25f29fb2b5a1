namespace EmbeddingGrpc.Server.Recall;

/// <summary>Items nearest to a vector of the W1 space.</summary>
/// <param name="Values">Finite, not all zero; the model says how many.</param>
public sealed record VectorSubject(ReadOnlyMemory<float> Values) : RecallSubject
{
    /// <inheritdoc/>
    public override RecallKind Kind => RecallKind.Vector;
}
