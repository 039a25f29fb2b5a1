namespace EmbeddingGrpc.Training.Word2vec;

/// <summary>Takes a row of a file.</summary>
/// <param name="id">In UTF-8, not checked for it; not empty.</param>
/// <param name="values">[dimension], all finite.</param>
public delegate void Word2vecRow(ReadOnlySpan<byte> id, ReadOnlySpan<float> values);
