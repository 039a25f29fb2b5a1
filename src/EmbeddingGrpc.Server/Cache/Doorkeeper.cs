namespace EmbeddingGrpc.Server.Cache;

/// <summary>
/// Remembers which keys were seen lately, so that what is asked for once in a while does not push out, and does not make the collector carry, what is
/// asked for all the time. A table of hashes, each in one place: a newer one takes it, so that the memory is of the newest keys. Thread-safe; a race or a
/// collision of 32 bits costs a place in the cache.
/// </summary>
internal sealed class Doorkeeper
{
    // 256 KiB: at ten thousand new keys a second a key that comes back within some seconds is known.
    private const int Places = 1 << 16;

    private readonly uint[] _seen = new uint[Places];

    /// <summary>Notes a key.</summary>
    /// <returns>Whether it was noted before.</returns>
    public bool Note(UInt128 hash)
    {
        var mark = (uint)(hash >> 32) | 1;
        ref var place = ref _seen[(int)(uint)hash & (Places - 1)];
        if (Volatile.Read(ref place) == mark) return true;
        Volatile.Write(ref place, mark);
        return false;
    }
}
