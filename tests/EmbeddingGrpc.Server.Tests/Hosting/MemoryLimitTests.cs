using EmbeddingGrpc.Server.Hosting;

namespace EmbeddingGrpc.Server.Tests.Hosting;

/// <summary>Trees of control groups as kernels and container runtimes show them.</summary>
public sealed class MemoryLimitTests : IDisposable
{
    private const long Machine = 16L << 30;

    private readonly TemporaryFolder _folder = new();

    public MemoryLimitTests() => Write("proc/meminfo", $"MemTotal:       {Machine / 1024} kB\nMemFree: 1 kB\n");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_OfAContainerOfVersion2_IsItsLimit()
    {
        Write("proc/self/cgroup", "0::/\n");
        Write("cgroup/memory.max", "2147483648\n");
        Assert.Equal(2L << 30, Read());
    }

    [Fact]
    public void Read_OfANestedGroup_IsTheSmallestAroundIt()
    {
        Write("proc/self/cgroup", "0::/pods/pod1/daemon\n");
        Write("cgroup/pods/pod1/daemon/memory.max", "max\n");
        Write("cgroup/pods/pod1/memory.max", "3000000000\n");
        Write("cgroup/pods/memory.max", "9000000000\n");
        Assert.Equal(3_000_000_000, Read());
    }

    [Fact]
    public void Read_OfVersion1_IsThatOfTheMemoryController()
    {
        Write("proc/self/cgroup", "9:cpu,cpuacct:/elsewhere\n4:memory:/docker/abc\n0::/\n");
        Write("cgroup/memory/docker/abc/memory.limit_in_bytes", "1000000000\n");
        Write("cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        Assert.Equal(1_000_000_000, Read());
    }

    [Fact]
    public void Read_OfAPathThatIsTheHosts_IsTheRootsLimit()
    {
        Write("proc/self/cgroup", "0::/kubepods/burstable/pod1/abc\n");
        Write("cgroup/memory.max", "500000000\n");
        Assert.Equal(500_000_000, Read());
    }

    [Fact]
    public void Read_WithoutLimits_IsTheMachinesMemory()
    {
        Write("proc/self/cgroup", "0::/\n");
        Write("cgroup/memory.max", "max\n");
        Assert.Equal(Machine, Read());
    }

    [Fact]
    public void Read_OfAnotherSystem_IsUnknown() => Assert.Null(MemoryLimit.Read(Path.Combine(_folder.FullPath, "none"), Path.Combine(_folder.FullPath, "none")));

    [Fact]
    public void Memory_OfAStatusFile_IsDividedByKind()
    {
        string[] status = ["Name:\tdotnet", "VmHWM:\t  900 kB", "RssAnon:\t  500 kB", "RssFile:\t  300 kB", "RssShmem:\t  20 kB"];
        Assert.Equal(new ProcessMemory(200 * 1024, 300 * 1024, 320 * 1024), ProcessMemory.Of(status, 200 * 1024));
        // More committed than in RAM: the rest was never touched.
        Assert.Equal(new ProcessMemory(500 * 1024, 0, 320 * 1024), ProcessMemory.Of(status, 900 * 1024));
    }

    private long? Read() => MemoryLimit.Read(Path.Combine(_folder.FullPath, "proc"), Path.Combine(_folder.FullPath, "cgroup"));

    private void Write(string path, string text)
    {
        var full = Path.Combine(_folder.FullPath, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }
}
