using EmbeddingGrpc.EventLog.Segments;

namespace EmbeddingGrpc.EventLog.Tests.Segments;

public sealed class SegmentIndexTests
{
    [Fact]
    public void Find_AfterManySmallGroups_IsWithinAStrideBefore()
    {
        var index = new SegmentIndex();
        for (var group = 0; group < 50_000; group++) index.Add(group * 3, 100 + group * 80L);
        for (var offset = 0; offset < 150_000; offset += 777)
        {
            var wanted = 100 + offset / 3 * 80L;
            Assert.InRange(index.Find(offset)!.Value, wanted - SegmentIndex.Stride - 80, wanted);
        }
    }

    [Fact]
    public void Find_OfTheNewestGroup_IsExact()
    {
        var index = new SegmentIndex();
        for (var group = 0; group < 1000; group++)
        {
            index.Add(group, group * 100L);
            Assert.Equal(group * 100L, index.Find(group));
        }
    }

    [Fact]
    public void Find_BeforeTheFirstGroup_IsNull()
    {
        var index = new SegmentIndex();
        Assert.Null(index.Find(5));
        index.Add(10, 100);
        Assert.Null(index.Find(9));
    }

    [Fact]
    public void Extend_BySeveralReaders_KeepsOrder()
    {
        var index = new SegmentIndex();
        for (var group = 0; group < 1000; group++) index.Extend(group, group * 1000L);
        for (var group = 0; group < 1000; group++) index.Extend(group, group * 1000L);
        for (var offset = 0; offset < 1000; offset++) Assert.InRange(index.Find(offset)!.Value, Math.Max(0, offset * 1000L - SegmentIndex.Stride - 1000), offset * 1000L);
    }
}
