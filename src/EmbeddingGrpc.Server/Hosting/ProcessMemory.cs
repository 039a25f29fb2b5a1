using System.Globalization;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>What of the process is in RAM, by what could be done about it. Immutable.</summary>
/// <param name="Managed">Committed by the garbage collector: bounded by its heap limit.</param>
/// <param name="Native">Anonymous and not the collector's: indexes, histories, the item graph, matrices while a training runs, code, stacks. Bounded by nothing but the container.</param>
/// <param name="Mapped">Pages of files, vectors that serve above all: where memory is short the kernel drops them and reads them again.</param>
internal readonly record struct ProcessMemory(long Managed, long Native, long Mapped)
{
    /// <summary>All of it.</summary>
    public long Resident => Managed + Native + Mapped;

    /// <summary>Looks now.</summary>
    public static ProcessMemory Read()
    {
        var managed = GC.GetGCMemoryInfo().TotalCommittedBytes;
        if (!OperatingSystem.IsLinux()) return new ProcessMemory(managed, Math.Max(0, Environment.WorkingSet - managed), 0);
        return Of(File.ReadLines("/proc/self/status"), managed);
    }

    /// <summary>Reads the lines of <c>/proc/PID/status</c>.</summary>
    public static ProcessMemory Of(IEnumerable<string> status, long managed)
    {
        long anonymous = 0, mapped = 0;
        foreach (var line in status)
        {
            if (line.StartsWith("RssAnon:", StringComparison.Ordinal) && TryKilobytes(line, out var bytes)) anonymous = bytes;
            else if ((line.StartsWith("RssFile:", StringComparison.Ordinal) || line.StartsWith("RssShmem:", StringComparison.Ordinal)) && TryKilobytes(line, out bytes)) mapped += bytes;
        }

        // What is committed is not all in RAM yet.
        managed = Math.Min(managed, anonymous);
        return new ProcessMemory(managed, anonymous - managed, mapped);
    }

    /// <summary>The number of a line such as <c>RssAnon:	  148 kB</c>, in bytes.</summary>
    public static bool TryKilobytes(string line, out long bytes)
    {
        var words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        bytes = 0;
        if (words.Length < 2 || !long.TryParse(words[1], CultureInfo.InvariantCulture, out var kilobytes)) return false;
        bytes = kilobytes * 1024;
        return true;
    }
}
