namespace EmbeddingGrpc.Server.Catalog.Filters;

/// <summary>Which items may be answered, as a request says it: well-formed, and not yet checked against a catalogue. Immutable.</summary>
public abstract record ItemFilter
{
    /// <summary>Conditions of a filter at most, lists counted by themselves.</summary>
    public const int MaximumConditions = 100;

    /// <summary>How deep conditions may lie in each other.</summary>
    public const int MaximumDepth = 10;

    /// <summary>Texts of one condition at most.</summary>
    public const int MaximumTexts = 1000;

    /// <summary>Items of one list at most.</summary>
    public const int MaximumItems = 10_000;

    private protected ItemFilter()
    {
    }

    /// <summary>Where it stands in the request, for errors.</summary>
    public required string Field { get; init; }
}
