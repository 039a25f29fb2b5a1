namespace EmbeddingGrpc.Server.Recall.Blending;

/// <summary>What speaks for a candidate, each as <see cref="BlendWeights"/> says.</summary>
internal readonly record struct BlendSignals(float Embedding, float Similarity, float Connections, float Steps, float Walks, float Popularity)
{
    /// <summary>Writes them in their order.</summary>
    public void CopyTo(Span<float> values) =>
        (values[0], values[1], values[2], values[3], values[4], values[5]) = (Embedding, Similarity, Connections, Steps, Walks, Popularity);
}
