namespace EmbeddingGrpc.Server.Recall.Blending;

/// <summary>
/// What a generation learned of its sources of recall, among its metrics: there they are on disk, on the wire and in reports. A generation of before,
/// or one with a signal that is not known here, has none. Clients read the names: never rename one.
/// </summary>
public static class BlendMetrics
{
    /// <summary>Questions from which weights were learned.</summary>
    public const string Questions = "blend.questions";

    /// <summary>Of those, the share whose answer some source found at all.</summary>
    public const string Reached = "blend.reached";

    /// <summary>Hit rate at 10 of the learned weights on these questions.</summary>
    public const string HitRateAt10 = "blend.hit_rate_at_10";

    /// <summary>Hit rate at 10 of the embeddings alone on the same questions.</summary>
    public const string EmbeddingHitRateAt10 = "blend.embedding_hit_rate_at_10";

    /// <summary>Hit rate at 10 of the item graph alone on the same questions.</summary>
    public const string GraphHitRateAt10 = "blend.graph_hit_rate_at_10";

    /// <summary>Seconds of learning them.</summary>
    public const string Seconds = "blend.seconds";

    private static readonly string[] Names =
        ["blend.weight.embedding", "blend.weight.similarity", "blend.weight.connections", "blend.weight.steps", "blend.weight.walks", "blend.weight.popularity"];

    /// <summary>Reads the weights.</summary>
    /// <returns>Null where they are not all there.</returns>
    public static BlendWeights? Read(IReadOnlyDictionary<string, double> metrics)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        Span<double> values = stackalloc double[BlendWeights.Count];
        for (var i = 0; i < values.Length; i++)
            if (!metrics.TryGetValue(Names[i], out values[i]) || !(values[i] >= 0 && double.IsFinite(values[i])))
                return null;
        return BlendWeights.Of(values);
    }

    /// <summary>Writes the weights.</summary>
    public static void Write(BlendWeights weights, IDictionary<string, double> metrics)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(metrics);
        var values = weights.ToArray();
        for (var i = 0; i < values.Length; i++) metrics[Names[i]] = Math.Round(values[i], 4);
    }
}
