namespace EmbeddingGrpc.Indexing.Quantization;

/// <summary>How finely the codes that a walk reads tell rows apart. More costs memory and time; what the rows need decides.</summary>
internal enum CodePrecision
{
    /// <summary>As many bits a value, 5..8, as fit into the fewest cache lines.</summary>
    FewestLines = 0,

    /// <summary>8 bits a value.</summary>
    EightBits = 1,
}
