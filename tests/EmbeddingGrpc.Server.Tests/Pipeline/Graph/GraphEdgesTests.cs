using CsCheck;
using EmbeddingGrpc.Server.Pipeline.Graph;

namespace EmbeddingGrpc.Server.Tests.Pipeline.Graph;

public sealed class GraphEdgesTests
{
    [Fact]
    public void Strengthen_WithRoom_SumsEachItemAndKeepsTheHeaviestFirst() =>
        Gen.Select(Gen.Int[0, 30], Gen.Float[0.01f, 10f]).Array[0, 200].Sample(added =>
        {
            var block = new int[2 * 32];
            var count = 0;
            var sums = new Dictionary<int, double>();
            foreach (var (item, weight) in added)
            {
                count = new GraphEdges(block, count).Strengthen(item, weight);
                sums[item] = sums.GetValueOrDefault(item) + weight;
            }

            var edges = new GraphEdges(block, count);
            Assert.Equal(sums.Count, count);
            for (var i = 0; i < count; i++)
            {
                Assert.Equal(sums[edges.Items[i]], edges.Weights[i], 1e-4 * sums[edges.Items[i]]);
                if (i > 0) Assert.True(edges.Weights[i - 1] >= edges.Weights[i]);
            }
        });

    [Fact]
    public void Strengthen_FullBlock_ReplacesTheLightestWhichHandsOnItsWeight()
    {
        var block = new int[2 * 4];
        var count = 0;
        foreach (var (item, weight) in new[] { (1, 4f), (2, 3f), (3, 2f), (4, 1f), (5, 0.5f), (6, 3f) }) count = new GraphEdges(block, count).Strengthen(item, weight);

        var edges = new GraphEdges(block, count);
        Assert.Equal([6, 1, 2, 3], edges.Items.ToArray());
        Assert.Equal([4.5f, 4f, 3f, 2f], edges.Weights.ToArray());
    }
}
