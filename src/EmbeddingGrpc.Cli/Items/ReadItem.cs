using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Items;

/// <summary>One line of a file of items.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Item">The item; null where the line is none.</param>
/// <param name="Problem">What is wrong with it; null where nothing is.</param>
internal readonly record struct ReadItem(long Line, Item? Item, string? Problem)
{
    /// <summary>An item.</summary>
    public static ReadItem Of(long line, Item item) => new(line, item, null);

    /// <summary>A line that is no item.</summary>
    public static ReadItem Refused(long line, string problem) => new(line, null, problem);
}
