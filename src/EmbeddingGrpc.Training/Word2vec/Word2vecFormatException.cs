namespace EmbeddingGrpc.Training.Word2vec;

/// <summary>A file is not in the word2vec format that it should be in. The message says what is wrong and where.</summary>
public sealed class Word2vecFormatException(string message) : Exception(message);
