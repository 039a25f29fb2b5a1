namespace EmbeddingGrpc.Indexing.Quantization;

/// <summary>How finely the codes that a walk reads tell rows apart. More costs memory and time; <see cref="CodeTrial"/> finds what the rows need.</summary>
internal enum CodePrecision
{
    /// <summary>As many bits a value, 5..8, as fit into the fewest cache lines.</summary>
    FewestLines = 0,

    /// <summary>8 bits a value.</summary>
    EightBits = 1,

    /// <summary>16 bits a value, for rows that lie so close together that 8 bits see one point.</summary>
    SixteenBits = 2,
}
