namespace EmbeddingGrpc.Server.Cache;

/// <summary>
/// Remembers which keys were seen lately, so that what is asked for once in a while does not push out, and does not make the collector carry, what is
/// asked for all the time. A table of hashes, each in one place: a newer one takes it, so that the memory is of the newest keys. Thread-safe; a race or a
/// collision of 24 bits costs a place in the cache.
/// </summary>
/// <param name="memory">How long a key is known, up to twice as long: what comes back later than an answer lives is not worth keeping one for.</param>
/// <param name="time">The clock.</param>
internal sealed class Doorkeeper(TimeSpan memory, TimeProvider time)
{
    // 256 KiB: at ten thousand new keys a second a key that comes back within some seconds is known.
    private const int Places = 1 << 16;

    // A mark is 24 bits of the hash, never all zero, and above them the number of the period in which it was noted, from 0 to 255 and again.
    private const int PeriodShift = 24;
    private const uint HashBits = (1u << PeriodShift) - 1;

    private readonly uint[] _seen = new uint[Places];
    private readonly long _started = time.GetTimestamp();

    /// <summary>Notes a key.</summary>
    /// <returns>Whether it was noted lately.</returns>
    public bool Note(UInt128 hash)
    {
        var period = (byte)(time.GetElapsedTime(_started).Ticks / memory.Ticks);
        var mark = ((uint)(hash >> 32) & HashBits) | 1;
        ref var place = ref _seen[(int)(uint)hash & (Places - 1)];
        var noted = Volatile.Read(ref place);
        if (noted != (mark | ((uint)period << PeriodShift))) Volatile.Write(ref place, mark | ((uint)period << PeriodShift));
        return (noted & HashBits) == mark && (byte)(period - (byte)(noted >> PeriodShift)) <= 1;
    }
}
