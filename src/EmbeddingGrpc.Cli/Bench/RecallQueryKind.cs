namespace EmbeddingGrpc.Cli.Bench;

/// <summary>What a recall load asks for.</summary>
internal enum RecallQueryKind
{
    /// <summary>Items similar to an item. Repeats, so that a cache answers most.</summary>
    Item,

    /// <summary>Items for a user.</summary>
    User,

    /// <summary>Items after five random ones. Hardly ever repeats.</summary>
    Session,

    /// <summary>Items near a random vector. Never repeats.</summary>
    Vector,
}
