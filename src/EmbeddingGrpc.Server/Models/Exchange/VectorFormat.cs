namespace EmbeddingGrpc.Server.Models.Exchange;

/// <summary>How vectors are written for other programs.</summary>
public enum VectorFormat
{
    /// <summary>word2vec's text: a line "COUNT DIMENSION", then a line for each item: its id and its values, separated by spaces.</summary>
    Word2vecText,

    /// <summary>word2vec's binary: the same first line, then for each item its id, a space and its values as little-endian 32-bit floats.</summary>
    Word2vecBinary,
}
