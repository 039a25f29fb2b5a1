using System.Buffers;
using System.Text;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>What an id may be: 1..256 bytes of UTF-8 without control characters. Stateless.</summary>
public static class IdRules
{
    /// <summary>Longest id, in bytes of UTF-8.</summary>
    public const int MaximumBytes = 256;

    private const int MaximumBytesOfAChar = 3;

    // C0, DEL and C1.
    private static readonly SearchValues<char> ControlCharacters =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Concat(Enumerable.Range(0x7f, 0x21)).Select(c => (char)c)]);

    /// <summary>Says what is wrong with an id.</summary>
    /// <returns>Null where nothing is.</returns>
    public static string? Check(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        if (id.Length == 0) return $"is empty; must have 1..{MaximumBytes} bytes of UTF-8";
        if (ExceedsBytes(id, MaximumBytes)) return $"has {Encoding.UTF8.GetByteCount(id)} bytes of UTF-8; must have 1..{MaximumBytes}";
        var control = id.AsSpan().IndexOfAny(ControlCharacters);
        return control < 0 ? null : $"has the control character U+{(int)id[control]:X4} at position {control}; must have none";
    }

    /// <summary>Whether a text has more bytes of UTF-8 than allowed.</summary>
    public static bool ExceedsBytes(string text, int maximumBytes)
    {
        ArgumentNullException.ThrowIfNull(text);
        // Counting is only needed for what could be too long.
        return text.Length * MaximumBytesOfAChar > maximumBytes && Encoding.UTF8.GetByteCount(text) > maximumBytes;
    }
}
