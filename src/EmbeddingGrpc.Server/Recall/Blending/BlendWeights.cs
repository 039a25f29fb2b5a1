namespace EmbeddingGrpc.Server.Recall.Blending;

/// <summary>What each signal of a candidate counts in its score. Immutable.</summary>
/// <param name="Embedding">Of the product with the history's W1 rows, in standard deviations from the mean over the items.</param>
/// <param name="Similarity">Of the cosine with the history's W2 rows, likewise.</param>
/// <param name="Connections">Of the root of the live graph's connections, as a share of the strongest candidate's.</param>
/// <param name="Steps">The same, with what leaves and what arrives divided out.</param>
/// <param name="Walks">The same of walks of two steps.</param>
/// <param name="Popularity">Of the logarithm of the decayed popularity, as a share of the most popular item's.</param>
public sealed record BlendWeights(double Embedding, double Similarity, double Connections, double Steps, double Walks, double Popularity)
{
    /// <summary>Signals of a candidate.</summary>
    public const int Count = 6;

    /// <summary>
    /// What is used until a generation has learned its own, and what the learning starts from where there is little to learn from: between what is best
    /// for short histories of a shop and for long ones of films, and near both.
    /// </summary>
    public static BlendWeights Default { get; } = new(1, 0.3, 0.5, 0.7, 2, 0.3);

    /// <summary>Whether the live graph counts at all.</summary>
    public bool HasGraph => Connections > 0 || Steps > 0 || Walks > 0;

    /// <summary>Whether the embeddings count at all.</summary>
    public bool HasEmbedding => Embedding > 0 || Similarity > 0;

    /// <summary>In the order of the signals.</summary>
    public double[] ToArray() => [Embedding, Similarity, Connections, Steps, Walks, Popularity];

    /// <summary>From the order of the signals.</summary>
    public static BlendWeights Of(ReadOnlySpan<double> values) => new(values[0], values[1], values[2], values[3], values[4], values[5]);

    /// <summary>A candidate's score.</summary>
    internal float Score(in BlendSignals signals) => (float)((Embedding * signals.Embedding) + (Similarity * signals.Similarity) + GraphScore(signals) + (Popularity * signals.Popularity));

    /// <summary>The live graph's part of a score.</summary>
    internal double GraphScore(in BlendSignals signals) => (Connections * signals.Connections) + (Steps * signals.Steps) + (Walks * signals.Walks);
}
