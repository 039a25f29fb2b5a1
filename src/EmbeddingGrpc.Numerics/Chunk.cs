namespace EmbeddingGrpc.Numerics;

/// <summary>One of the arrays that something grows by, so that what is in it stays where it is. Stateless.</summary>
public static class Chunk
{
    // From so many on one more will hardly stay empty: its pages are asked for at once.
    private const int LargeFrom = 4;

    /// <summary>Makes another one.</summary>
    /// <param name="length">How much it holds.</param>
    /// <param name="before">Chunks that there are.</param>
    public static T[] New<T>(int length, int before)
        where T : unmanaged
    {
        var chunk = new T[length];
        if (before >= LargeFrom) PageHint.WillFill<T>(chunk);
        return chunk;
    }
}
