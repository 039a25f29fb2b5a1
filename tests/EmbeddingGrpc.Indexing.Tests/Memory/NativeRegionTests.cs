using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Indexing.Tests.Files;

namespace EmbeddingGrpc.Indexing.Tests.Memory;

public sealed unsafe class NativeRegionTests
{
    [Fact]
    public void Commit_Growing_KeepsAddressAndContentsAndReadsZeroBeyond()
    {
        using var region = new NativeRegion(1 << 24, 100);
        var first = region.Pointer;
        for (long bytes = 100; bytes < (1 << 24); bytes = (bytes * 3) + 1)
        {
            region.Commit(bytes);
            Assert.True(first == region.Pointer);
            Assert.Equal(0, region.Pointer[bytes - 1]);
            region.Pointer[bytes - 1] = 7;
        }
        for (long bytes = 301; bytes < (1 << 24); bytes = (bytes * 3) + 1) Assert.Equal(7, region.Pointer[bytes - 1]);
        Assert.Equal(0, (nint)region.Pointer % 64);
    }

    [Fact]
    public void Commit_BeyondTheReservation_IsRefused()
    {
        using var region = new NativeRegion(1 << 20, 0);
        Assert.Throws<InsufficientMemoryException>(() => region.Commit((1 << 20) + 1));
    }

    [Fact]
    public void Constructor_MoreThanTheSystemHas_IsRefused() => Assert.Throws<InsufficientMemoryException>(() => new NativeRegion(1L << 62, 0));

    [Fact]
    public void CommitFile_WrittenTo_LeavesTheFileAlone()
    {
        Assert.SkipUnless(NativeRegion.CanMap(0), "This system does not map files.");
        using var file = new TemporaryFile();
        File.WriteAllBytes(file.Path, [.. Enumerable.Range(0, 10_000).Select(i => (byte)i)]);
        using var region = new NativeRegion(1 << 20, 0);
        using (var handle = File.OpenHandle(file.Path)) region.CommitFile(handle, 4096, 5000);
        for (var i = 0; i < 5000; i++) Assert.Equal((byte)(4096 + i), region.Pointer[i]);
        region.Commit(100_000);
        region.Pointer[3] = 200;
        region.Pointer[99_999] = 9;
        Assert.Equal(3, File.ReadAllBytes(file.Path)[4096 + 3]);
        Assert.Equal(200, region.Pointer[3]);
    }

    [Fact]
    public void Commit_AfterDispose_Throws()
    {
        var region = new NativeRegion(1 << 20, 0);
        region.Dispose();
        Assert.Throws<ObjectDisposedException>(() => region.Commit(1));
    }
}
