namespace EmbeddingGrpc.Server.Recall;

/// <summary>The kinds of queries. The numbers are in cache keys: never change one.</summary>
public enum RecallKind : byte
{
    /// <summary>Items similar to an item.</summary>
    Item = 1,

    /// <summary>Items for a user.</summary>
    User = 2,

    /// <summary>Items that go on from a list of items.</summary>
    Session = 3,

    /// <summary>Items nearest to a vector.</summary>
    Vector = 4,
}
