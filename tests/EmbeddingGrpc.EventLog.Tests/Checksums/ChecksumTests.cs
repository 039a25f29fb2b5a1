using System.IO.Hashing;
using EmbeddingGrpc.EventLog.Checksums;

namespace EmbeddingGrpc.EventLog.Tests.Checksums;

/// <summary>The checksum of logs and checkpoints is the library's, whatever the length and the seed: what one wrote, the other must read.</summary>
public sealed class ChecksumTests
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

    private static byte[] RandomBytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }
}
