namespace EmbeddingGrpc.Server.Catalog;

/// <summary>What an attribute holds. The numbers are on disk: never change one.</summary>
public enum AttributeType : byte
{
    /// <summary>One text.</summary>
    Text = 1,

    /// <summary>Distinct texts without an order.</summary>
    TextSet = 2,

    /// <summary>A 64-bit floating-point number.</summary>
    Number = 3,

    /// <summary>True or false.</summary>
    Boolean = 4,

    /// <summary>A point in time, to 100 ns.</summary>
    Timestamp = 5,
}
