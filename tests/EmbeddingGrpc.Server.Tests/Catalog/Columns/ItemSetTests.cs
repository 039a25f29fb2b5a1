using CsCheck;
using EmbeddingGrpc.Server.Catalog.Columns;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Tests.Catalog.Columns;

public sealed class ItemSetTests
{
    [Fact]
    public void AddAndRemove_AnyHistory_HoldsWhatASetWould() =>
        Gen.Select(Gen.Int[1, 5000], Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[0, 3]).Array[0, 6000]).Sample(
            (range, steps) =>
            {
                var set = new ItemSet();
                var expected = new HashSet<int>();
                foreach (var (draw, kind) in steps)
                {
                    var key = draw % range;
                    if (kind == 0) Assert.Equal(expected.Remove(key), set.Remove(new ItemKey(key)));
                    else Assert.Equal(expected.Add(key), set.Add(new ItemKey(key)));
                }

                Assert.Equal(expected.Count, set.Count);
                Assert.All(Enumerable.Range(0, range + 200), key => Assert.Equal(expected.Contains(key), set.Contains(new ItemKey(key))));
            },
            iter: 60,
            threads: 1);

    [Theory]
    [InlineData(10_000_000, 1000, 4)]
    [InlineData(10_000_000, 200_000, 16)]
    [InlineData(1_000_000, 1_000_000, 1)]
    public void SizeBytes_ManyOrFewOfTheItems_IsAFewBytesAnItem(int keys, int members, int mostBytesAnItem)
    {
        var set = new ItemSet();
        for (var member = 0; member < members; member++) set.Add(new ItemKey((int)((long)member * keys / members)));

        Assert.Equal(members, set.Count);
        Assert.True(set.SizeBytes <= (long)members * mostBytesAnItem, $"{set.SizeBytes} bytes for {members} of {keys} items");
    }
}
