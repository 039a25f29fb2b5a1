namespace EmbeddingGrpc.Server.Models.Exchange;

/// <summary>Vectors that were sent are not what they should be. Nothing was imported.</summary>
/// <param name="table">Which of the tables: <c>input</c> or <c>output</c>.</param>
/// <param name="description">What is wrong and where.</param>
public sealed class VectorFormatException(string table, string description)
    : Exception($"{table}: {description}")
{
    /// <summary>Which of the tables.</summary>
    public string Table { get; } = table;

    /// <summary>What is wrong and where.</summary>
    public string Description { get; } = description;
}
