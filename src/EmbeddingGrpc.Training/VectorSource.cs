namespace EmbeddingGrpc.Training;

/// <summary>Which trained vectors stand for the items.</summary>
public enum VectorSource
{
    /// <summary>W1: near are items seen in similar company, "what is similar".</summary>
    Input,

    /// <summary>W2: queried from W1, near are the items that follow, "what comes next". Not with hierarchical softmax.</summary>
    Output,

    /// <summary>W1 + W2: near are items of the same session. Not with hierarchical softmax.</summary>
    Sum,
}
