namespace EmbeddingGrpc.Numerics;

/// <summary>Tells the kernel what will be written soon. Hints: where they are not understood, nothing happens.</summary>
public static unsafe class PageHint
{
    /// <summary>
    /// New memory will be filled: its pages are asked for at once, where otherwise the first write to each would stop for one. No value changes.
    /// </summary>
    /// <param name="values">All of it will be written.</param>
    public static void WillFill<T>(Span<T> values)
        where T : unmanaged
    {
        if (!OperatingSystem.IsLinux() || values.IsEmpty) return;
        fixed (T* start = values)
        {
            // Pages that it shares with what lies beside it are there, or will be needed as well.
            var page = (nuint)Environment.SystemPageSize;
            var first = (nuint)start & ~(page - 1);
            var end = ((nuint)(start + values.Length) + page - 1) & ~(page - 1);
            MemoryAdvice.Populate((void*)first, end - first);
        }
    }
}
