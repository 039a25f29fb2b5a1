using CsCheck;

namespace EmbeddingGrpc.Training.Tests;

public sealed class HuffmanTreeTests
{
    private static readonly Gen<long[]> FallingCounts = Gen.Long[1, 1000].Array[1, 60].Select(counts => counts.OrderDescending().ToArray());

    [Fact]
    public void TurnsTo_AnyCounts_AreTheWaysOfATree() => FallingCounts.Sample(counts =>
    {
        var tree = new HuffmanTree(counts);
        Assert.Equal(counts.Length - 1, tree.NodeCount);
        var ways = Enumerable.Range(0, counts.Length).Select(item => tree.TurnsTo(item).ToArray()).ToArray();

        // No way is the beginning of another, every way begins at the root, and every node is left on both sides.
        Assert.Equal(counts.Length, ways.Select(way => string.Join(',', way)).Distinct().Count());
        Assert.All(ways, way => Assert.True(way.Length == 0 || way[0] >> 1 == 0));
        foreach (var node in ways.SelectMany(way => way).GroupBy(turn => turn >> 1))
        {
            Assert.Equal(2, node.Distinct().Count());
        }

        Assert.Equal(ways.Max(way => way.Length), tree.MaximumDepth);
    });

    [Fact]
    public void TurnsTo_AnyCounts_AreAsShortAsAHeapMakesThem() => FallingCounts.Sample(counts =>
    {
        var tree = new HuffmanTree(counts);
        long length = counts.Select((count, item) => count * tree.TurnsTo(item).Length).Sum();
        Assert.Equal(HuffmanLength(counts), length);
    });

    [Fact]
    public void TurnsTo_Nodes_AreNumberedFromTheRoot()
    {
        var tree = new HuffmanTree([50, 20, 10, 5, 5, 3, 2, 1]);
        for (int item = 0; item < 8; item++)
        {
            int[] nodes = [.. tree.TurnsTo(item).ToArray().Select(turn => turn >> 1)];
            Assert.Equal(nodes.Order(), nodes);
        }
    }

    private static long HuffmanLength(long[] counts)
    {
        var heap = new PriorityQueue<long, long>(counts.Select(count => (count, count)));
        long length = 0;
        while (heap.Count > 1)
        {
            long sum = heap.Dequeue() + heap.Dequeue();
            length += sum;
            heap.Enqueue(sum, sum);
        }

        return length;
    }
}
