using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>The types of interaction that are counted: all but the unspecified one, which is stored as a view. Stateless.</summary>
internal static class InteractionTypes
{
    /// <summary>How many there are.</summary>
    public const int Count = (int)InteractionType.Dislike;

    /// <summary>Position of a type, 0..<see cref="Count"/> - 1.</summary>
    public static int IndexOf(InteractionType type) => type == InteractionType.Unspecified ? (int)InteractionType.View - 1 : (int)type - 1;
}
