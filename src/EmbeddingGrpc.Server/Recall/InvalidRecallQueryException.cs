namespace EmbeddingGrpc.Server.Recall;

/// <summary>A query does not fit the model it was put to.</summary>
public sealed class InvalidRecallQueryException(string field, string description) : Exception($"{field}: {description}")
{
    /// <summary>The field at fault, as the API names it.</summary>
    public string Field { get; } = field;

    /// <summary>What is wrong, and what would be right.</summary>
    public string Description { get; } = description;
}
