using System.IO.Hashing;

namespace EmbeddingGrpc.Numerics.Tests;

/// <summary>The checksum of what is stored is the library's, whatever the length and the seed: what one wrote, the other must read.</summary>
public sealed unsafe class ChecksumTests
{
    private static readonly long[] Seeds = [0, 1, -1, 0x1234_5678_9ABC_DEF0, long.MinValue, long.MaxValue];

    [Fact]
    public void Of_EveryLengthOfThreeBlocks_IsThatOfTheLibrary()
    {
        var bytes = RandomBytes(3 * 1024 + 200);
        for (var length = 0; length <= bytes.Length; length++)
        {
            var part = bytes.AsSpan(bytes.Length - length);
            foreach (var seed in Seeds) Assert.Equal(XxHash3.HashToUInt64(part, seed), Checksum.Of(part, seed));
        }
    }

    [Theory]
    [InlineData(256 * 1024)]
    [InlineData((256 * 1024) + 1)]
    [InlineData(5_000_003)]
    public void Of_Long_IsThatOfTheLibrary(int length)
    {
        var bytes = RandomBytes(length);
        foreach (var seed in Seeds) Assert.Equal(XxHash3.HashToUInt64(bytes, seed), Checksum.Of(bytes, seed));
    }

    [Fact]
    public void Of_AnyLengthAndPlaceInMemory_IsThatOfTheLibrary()
    {
        var bytes = RandomBytes((1 << 21) + 100);
        int[] lengths = [.. Enumerable.Range(0, 2600), 4095, 4096, 4097, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 1 << 21];
        fixed (byte* pointer = bytes)
        {
            foreach (var length in lengths)
            {
                var at = length % 67;
                Assert.Equal(XxHash3.HashToUInt64(bytes.AsSpan(at, length)), Checksum.Of(pointer + at, length));
            }
        }
    }

    [Fact]
    public void Of_OnesOnly_IsThatOfTheLibrary()
    {
        var bytes = new byte[5000];
        Array.Fill(bytes, byte.MaxValue);
        foreach (var seed in Seeds) Assert.Equal(XxHash3.HashToUInt64(bytes, seed), Checksum.Of(bytes, seed));
    }

    private static byte[] RandomBytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }
}
