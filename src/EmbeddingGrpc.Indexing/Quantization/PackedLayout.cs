namespace EmbeddingGrpc.Indexing.Quantization;

/// <summary>
/// How the codes of a row are packed for the walk. A row is whole cache lines; in each, groups of eight values take <see cref="Bits"/> bytes,
/// and what is left over takes a part of a group. Lines, not bits, are what a walk waits for: a row of 100 values in one line is read in half
/// the time of one in two, and for most rows five bits of each are enough to find the way. Of 16 bits each value is a signed integer.
/// </summary>
/// <param name="Bits">Bits of a value, 4..8 or 16.</param>
/// <param name="Lines">Cache lines of a row.</param>
/// <param name="Tail">Bytes at the end of a row that hold no values.</param>
internal readonly record struct PackedLayout(int Bits, int Lines, int Tail)
{
    /// <summary>Bytes of a line.</summary>
    public const int LineBytes = 64;

    /// <summary>Values of a line of up to 8 bits once unpacked, the query's stride: two registers of bytes.</summary>
    public const int Lanes = 128;

    /// <summary>Bits of a value that is not packed.</summary>
    public const int WideBits = 16;

    private const int FewestBits = 5;
    private const int MostBits = 8;

    /// <summary>Whether values are signed 16-bit integers.</summary>
    public bool IsWide => Bits == WideBits;

    /// <summary>Bytes of a row.</summary>
    public int Stride => Lines * LineBytes;

    /// <summary>Bytes of an encoded query.</summary>
    public int QueryBytes => Lines * (IsWide ? LineBytes : Lanes);

    /// <summary>The finest layout with the fewest lines that are fine enough.</summary>
    /// <param name="dimension">Values of a row.</param>
    /// <param name="tail">Bytes to be left free at the end.</param>
    /// <param name="precision">How fine it must be.</param>
    public static PackedLayout For(int dimension, int tail, CodePrecision precision)
    {
        var (most, fewest) = precision switch
        {
            CodePrecision.FewestLines => (MostBits, FewestBits),
            CodePrecision.EightBits => (MostBits, MostBits),
            _ => (WideBits, WideBits),
        };
        for (var lines = 1; ; lines++)
        {
            for (var bits = most; bits >= fewest; bits--)
            {
                var layout = new PackedLayout(bits, lines, tail);
                if (layout.Capacity >= dimension) return layout;
            }
        }
    }

    /// <summary>Values that fit into a full line.</summary>
    public int PerLine => LineBytes * 8 / Bits;

    /// <summary>Values that fit into a row.</summary>
    public int Capacity => ((Lines - 1) * PerLine) + ((LineBytes - Tail) * 8 / Bits);
}
