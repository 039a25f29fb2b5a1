namespace EmbeddingGrpc.Server.Models;

/// <summary>Which vectors "what is similar" is read off. "What comes next" is always W1 against W2.</summary>
public enum SimilarVectors
{
    /// <summary>The space made of both matrices (<see cref="Training.SimilaritySpace"/>); W1 where W2 has no rows of items, or the dimension is too small for it.</summary>
    Space,

    /// <summary>W1 by cosine: near are items seen in similar company.</summary>
    Input,

    /// <summary>W2 by cosine: near are items that follow the same items. Not with a hierarchical softmax.</summary>
    Output,

    /// <summary>W1 + W2 by cosine: near are items of the same session. Not with a hierarchical softmax.</summary>
    Sum,
}
