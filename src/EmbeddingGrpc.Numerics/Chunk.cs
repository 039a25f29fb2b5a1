namespace EmbeddingGrpc.Numerics;

/// <summary>One of the arrays that something grows by, so that what is in it stays where it is. Stateless.</summary>
public static class Chunk
{
    // From so many on one more will hardly stay empty: its pages are asked for at once.
    private const int LargeFrom = 4;

    /// <summary>Makes another one.</summary>
    /// <param name="length">How much it holds.</param>
    /// <param name="before">Chunks that there are.</param>
    /// <param name="pinned">Whether its address must never change; a chunk that is large enough for the large object heap stays where it is anyway, but nobody promises it.</param>
    public static T[] New<T>(int length, int before, bool pinned = false)
        where T : unmanaged
    {
        var chunk = pinned ? GC.AllocateArray<T>(length, pinned: true) : new T[length];
        if (before >= LargeFrom) PageHint.WillFill<T>(chunk);
        return chunk;
    }
}
