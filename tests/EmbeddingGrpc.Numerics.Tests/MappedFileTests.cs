namespace EmbeddingGrpc.Numerics.Tests;

public sealed class MappedFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly byte[] _bytes = new byte[100_000];

    public MappedFileTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "This system does not map files.");
        new Random(1).NextBytes(_bytes);
        File.WriteAllBytes(_directory["file"], _bytes);
    }

    [Theory]
    [InlineData(0, 100_000)]
    [InlineData(4096, 8192)]
    [InlineData(4097, 1)]
    [InlineData(12_345, 54_321)]
    public void Slice_AnyPart_IsWhatTheFileHas(int position, int length)
    {
        using var mapped = Map(position, length);

        Assert.Equal(length, mapped.Length);
        Assert.Equal(_bytes.AsSpan(position, length), mapped.Slice(0, length));
        Assert.Equal(_bytes.AsSpan(position + (length / 2), length / 2), mapped.Slice(length / 2, length / 2));
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, 5001)]
    [InlineData(5000, 1)]
    [InlineData(long.MaxValue, 2)]
    [InlineData(0, -1)]
    public void Slice_NotInIt_Throws(long start, int length)
    {
        using var mapped = Map(100, 5000);
        Assert.Throws<ArgumentOutOfRangeException>(() => mapped.Slice(start, length).Length);
    }

    [Fact]
    public void Slice_FileDeletedAndReplaced_IsWhatItWas()
    {
        using var mapped = Map(0, 100_000);

        File.Delete(_directory["file"]);
        File.WriteAllBytes(_directory["file"], new byte[100_000]);

        Assert.Equal(_bytes, mapped.Slice(0, 100_000));
    }

    [Fact]
    public void Slice_AfterDispose_Throws()
    {
        var mapped = Map(0, 100);
        mapped.Dispose();
        mapped.Dispose();
        Assert.Throws<ObjectDisposedException>(() => mapped.Slice(0, 1).Length);
    }

    [Fact]
    public void TryMap_Nothing_IsNotMapped()
    {
        using var file = File.OpenHandle(_directory["file"]);
        Assert.Null(MappedFile.TryMap(file, 0, 0));
    }

    public void Dispose() => _directory.Dispose();

    private MappedFile Map(long position, long length)
    {
        using var file = File.OpenHandle(_directory["file"]);
        return Assert.IsType<MappedFile>(MappedFile.TryMap(file, position, length));
    }
}
