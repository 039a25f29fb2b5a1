using System.IO.Hashing;
using EmbeddingGrpc.Indexing.Kernels;

namespace EmbeddingGrpc.Indexing.Tests.Kernels;

public sealed unsafe class ChecksumTests
{
    [Fact]
    public void Of_AnyLengthAndPlace_IsThatOfTheLibrary()
    {
        var bytes = new byte[(1 << 21) + 100];
        new Random(7).NextBytes(bytes);
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
        fixed (byte* pointer = bytes) Assert.Equal(XxHash3.HashToUInt64(bytes), Checksum.Of(pointer, bytes.Length));
    }
}
