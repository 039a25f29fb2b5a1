namespace EmbeddingGrpc.Training.Word2vec;

/// <summary>The two file formats of the word2vec program, which gensim and most others read.</summary>
public enum Word2vecFormat
{
    /// <summary>A line <c>count dimension</c>, then lines <c>id value value ...</c>.</summary>
    Text,

    /// <summary>A line <c>count dimension</c>, then for each item its id, a space and its values as little-endian 32-bit floats.</summary>
    Binary,
}
