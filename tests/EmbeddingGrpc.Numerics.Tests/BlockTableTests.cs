using System.Runtime.CompilerServices;

namespace EmbeddingGrpc.Numerics.Tests;

public sealed class BlockTableTests
{
    [Fact]
    public void AddChunk_ManyTimes_KeepsWhatIsThereWhereItIs()
    {
        var table = new BlockTable<int>(3, 8);
        table.AddChunk();
        ref var first = ref table.First(0);
        for (var chunk = 1; chunk < 100; chunk++) table.AddChunk();
        for (var block = 0; block < 800; block++) table.Block(block).Fill(block);

        Assert.Equal(0, first);
        first = 7;
        Assert.Equal([7, 0, 0], table.Block(0));
        for (var block = 1; block < 800; block++)
        {
            Assert.True(table.TryBlock(block, out var values));
            Assert.Equal([block, block, block], values);
            Assert.Equal(block, table.TryFirst(block, out _));
        }

        Assert.Equal((100, 8, 8 * 3 * 4, 100L * 8 * 3 * 4), (table.ChunkCount, table.ChunkBlocks, table.ChunkBytes, table.SizeBytes));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(16)]
    // Of the slots for chunks that are still to come, and beyond.
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void Block_NotThere_IsFoundByNobody(int block)
    {
        var table = new BlockTable<long>(1, 8);
        table.AddChunk();
        table.AddChunk();

        Assert.False(table.TryBlock(block, out var values));
        Assert.True(values.IsEmpty);
        Assert.True(Unsafe.IsNullRef(ref table.TryFirst(block, out var found)));
        Assert.False(found);
        Assert.ThrowsAny<SystemException>(() => table.Block(block).Length);
    }

    [Theory]
    [InlineData(13, 1 << 10)]
    [InlineData(4096, 1 << 10)]
    public void AddChunk_SmallOrLarge_TakesNothingOfTheManagedHeap(int blockLength, int chunkBlocks)
    {
        using var table = new BlockTable<byte>(blockLength, chunkBlocks);
        table.AddChunk();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var chunk = 1; chunk < 30; chunk++) table.AddChunk();

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4096);
        for (var block = 0; block < 30 * chunkBlocks; block++)
        {
            Assert.False(table.Block(block).ContainsAnyExcept((byte)0));
            table.Block(block).Fill((byte)(block % 251));
        }

        for (var block = 0; block < 30 * chunkBlocks; block++) Assert.False(table.Block(block).ContainsAnyExcept((byte)(block % 251)));
    }

    [Fact]
    public void Dispose_BlocksThatWereThere_AreFoundByNobody()
    {
        var table = new BlockTable<int>(4, 8);
        table.AddChunk();
        table.AddChunk();

        table.Dispose();
        table.Dispose();

        Assert.Equal((0, 0L), (table.ChunkCount, table.SizeBytes));
        Assert.False(table.TryBlock(0, out _));
        Assert.ThrowsAny<SystemException>(() => table.Block(0).Length);
        Assert.Throws<ObjectDisposedException>(table.AddChunk);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(12)]
    public void Constructor_ChunkThatIsNoPowerOfTwo_Throws(int chunkBlocks) => Assert.Throws<ArgumentOutOfRangeException>(() => new BlockTable<int>(1, chunkBlocks));

    [Fact]
    public void AddChunk_OfAFile_IsThePartOfItAndBelongsToTheTable()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "This system does not map files.");
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory["file"], [.. Enumerable.Range(0, 1000).SelectMany(i => BitConverter.GetBytes((long)i))]);
        var table = TableOf(directory["file"], 800);
        table.AddChunk();
        GC.Collect();
        GC.WaitForPendingFinalizers();

        Assert.Equal([100, 101, 102, 103], table.ChunkAt(0));
        table.Block(1).Fill(-1);
        table.Block(2).Fill(-2);
        Assert.Equal([100, 101, -1, -1], table.ChunkAt(0));
        Assert.Equal([-2, -2, 0, 0], table.ChunkAt(1));
        Assert.Equal(102, BitConverter.ToInt64(File.ReadAllBytes(directory["file"]), 8 * 102));
        GC.KeepAlive(table);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(-8)]
    [InlineData(8000 - 24)]
    public void AddChunk_OfAFileWhereItCannotLie_Throws(long start)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "This system does not map files.");
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory["file"], new byte[8000]);
        Assert.Throws<ArgumentOutOfRangeException>(() => TableOf(directory["file"], start));
    }

    // Chunks of four values. Nobody else holds the file then.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static BlockTable<long> TableOf(string path, long start)
    {
        using var file = File.OpenHandle(path);
        var table = new BlockTable<long>(2, 2);
        table.AddChunk(MappedFile.TryMap(file, 0, 8000)!, start);
        return table;
    }
}
