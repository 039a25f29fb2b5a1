namespace EmbeddingGrpc.Numerics.Tests;

public sealed class HashedRowsTests
{
    [Fact]
    public void None_AnyItems_HasARowForEach()
    {
        var map = HashedRows.None(7);
        Assert.Equal((7, 7, 0), (map.Items, map.Rows, map.SharedRows));
    }

    [Fact]
    public void Of_EveryItem_IsTwoDifferentSharedRowsUsedEvenly()
    {
        var map = new HashedRows(200_100, 100, 50);
        var used = new int[map.Rows];
        for (int item = 100; item < map.Items; item++)
        {
            var (first, second) = map.Of(item);
            Assert.NotEqual(first, second);
            used[first]++;
            used[second]++;
        }

        Assert.All(used[..100], count => Assert.Equal(0, count));
        // 400000 over 50 rows: 8000 each, standard deviation 88.
        Assert.All(used[100..], count => Assert.InRange(count, 8000 - 530, 8000 + 530));
    }

    [Fact]
    public void Of_ManyItems_CollideWhollyAsRarelyAsTwoHashesDo()
    {
        var map = new HashedRows(20_000, 0, 2_000);
        int wholly = map.Items - Enumerable.Range(0, map.Items).Select(map.Of).Distinct().Count();
        // 20000² / 2 pairs of items over 2000 * 1999 pairs of rows: 50 expected.
        Assert.InRange(wholly, 15, 100);
    }

    [Fact]
    public void Of_OneSharedRow_IsItTwice() => Assert.Equal((3, 3), new HashedRows(10, 3, 1).Of(5));
}
