namespace EmbeddingGrpc.Server.Catalog.Filters;

/// <summary>A filter does not fit the attributes of a catalogue.</summary>
public sealed class InvalidFilterException(string field, string description) : Exception($"{field}: {description}")
{
    /// <summary>The condition at fault, as the API names it.</summary>
    public string Field { get; } = field;

    /// <summary>What is wrong, and what would be right.</summary>
    public string Description { get; } = description;
}
