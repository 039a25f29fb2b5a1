using System.Runtime.InteropServices;

namespace EmbeddingGrpc.Numerics;

/// <summary>What the kernel should know about large native memory. Hints: where they are not understood, nothing changes.</summary>
internal static unsafe partial class MemoryAdvice
{
    /// <summary>The unit of large pages on x64 and most ARM64 kernels.</summary>
    public const int LargePageBytes = 2 << 20;

    private const int AdviseNotNeeded = 4;
    private const int AdviseHugePage = 14;
    private const int AdvisePopulateWrite = 23;

    /// <summary>
    /// Asks for 2 MiB pages. Rows are visited in random order: with 4 KiB pages every visit to a matrix larger than the TLB's reach also
    /// waits for a walk of the page tables.
    /// </summary>
    /// <param name="start">Aligned to <see cref="LargePageBytes"/>.</param>
    /// <param name="length">Bytes.</param>
    public static void PreferLargePages(void* start, nuint length)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Advise(start, length, AdviseHugePage);
        }
    }

    /// <summary>Lets go of pages of a mapped file, which are read again when they are touched. Never of other memory: that would be lost.</summary>
    /// <param name="start">Aligned to a page.</param>
    /// <param name="length">Bytes.</param>
    public static void LetGo(void* start, nuint length)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Advise(start, length, AdviseNotNeeded);
        }
    }

    /// <summary>Makes every page be there to write to, all in one call (Linux 5.14); what they hold stays.</summary>
    /// <param name="start">Aligned to a page.</param>
    /// <param name="length">Bytes, of whole pages.</param>
    public static void Populate(void* start, nuint length)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Advise(start, length, AdvisePopulateWrite);
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);
}
