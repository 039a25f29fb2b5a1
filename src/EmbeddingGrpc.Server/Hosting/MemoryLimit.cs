using System.Globalization;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>
/// What the process may use before the kernel kills it: the smallest limit of its control groups, else the machine's memory. Immutable.
/// </summary>
/// <remarks>
/// The runtime does not tell it: with a heap limit set, and by default in a container, <see cref="GCMemoryInfo.TotalAvailableMemoryBytes"/> is the bound of the managed
/// heap alone, while vectors and indexes are native and mapped memory.
/// </remarks>
internal static class MemoryLimit
{
    /// <summary>The limit in bytes.</summary>
    public static long Read() => Read("/proc", "/sys/fs/cgroup") ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>The same, of other trees.</summary>
    /// <param name="processes">Such as <c>/proc</c>.</param>
    /// <param name="groups">Such as <c>/sys/fs/cgroup</c>.</param>
    /// <returns>Null where neither tells anything, as on another system than Linux.</returns>
    public static long? Read(string processes, string groups)
    {
        var limits = GroupLimits(processes, groups);
        if (MachineMemory(processes) is { } machine) limits = limits.Append(machine);
        return limits.DefaultIfEmpty().Min() is > 0 and var limit ? limit : null;
    }

    private static IEnumerable<long> GroupLimits(string processes, string groups)
    {
        // "0::/path" is of version 2, "4:memory:/path" of version 1. A group is bound by those around it too; in a container the path may be one of the
        // host's that is not there, and then the root is the container's own.
        foreach (var line in Lines(Path.Combine(processes, "self", "cgroup")))
        {
            var parts = line.Split(':', 3);
            if (parts.Length < 3) continue;
            var (root, file) = parts[1].Length == 0
                ? (groups, "memory.max")
                : (Path.Combine(groups, "memory"), "memory.limit_in_bytes");
            if (parts[1].Length > 0 && !parts[1].Split(',').Contains("memory")) continue;
            for (var path = parts[2].TrimEnd('/'); ; path = path[..path.LastIndexOf('/')])
            {
                if (Lines(Path.Combine(root + path, file)).FirstOrDefault() is { } text && long.TryParse(text, CultureInfo.InvariantCulture, out var limit)) yield return limit;
                if (!path.Contains('/', StringComparison.Ordinal)) break;
            }
        }
    }

    private static long? MachineMemory(string processes) =>
        Lines(Path.Combine(processes, "meminfo")).FirstOrDefault(line => line.StartsWith("MemTotal:", StringComparison.Ordinal)) is { } line
            && ProcessMemory.TryKilobytes(line, out var bytes) ? bytes : null;

    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
