namespace EmbeddingGrpc.Cli.Items;

/// <summary>What a column of a CSV file holds, as typed on the command line.</summary>
internal enum AttributeKind
{
    /// <summary>One text.</summary>
    Text,

    /// <summary>Texts with a separator between them.</summary>
    Set,

    /// <summary>A number.</summary>
    Number,

    /// <summary>true or false, 1 or 0, yes or no.</summary>
    Boolean,

    /// <summary>Seconds or milliseconds since 1970, or ISO 8601.</summary>
    Time,
}
