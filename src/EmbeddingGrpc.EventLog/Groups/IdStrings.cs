using System.IO.Hashing;
using System.Text;

namespace EmbeddingGrpc.EventLog.Groups;

/// <summary>
/// Turns the UTF-8 of an id into a string, and the same id, most of the time, into the same string: a scan of millions of interactions
/// makes few strings for the popular ids. Bounded: one string a slot, the newest wins. One owner.
/// </summary>
internal sealed class IdStrings(int slots = 8192)
{
    private const int LongestKept = 64;

    private readonly string?[] _slots = new string?[slots];

    public string Get(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > LongestKept) return Encoding.UTF8.GetString(utf8);
        ref var slot = ref _slots[(uint)XxHash3.HashToUInt64(utf8) % (uint)_slots.Length];
        // False for anything that is not ASCII, which is then decoded every time.
        if (slot is { } known && Ascii.Equals(utf8, known)) return known;
        return slot = Encoding.UTF8.GetString(utf8);
    }
}
