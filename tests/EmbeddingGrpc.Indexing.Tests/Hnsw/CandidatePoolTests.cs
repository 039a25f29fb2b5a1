using CsCheck;
using EmbeddingGrpc.Indexing.Hnsw;
using EmbeddingGrpc.Indexing.Tests.Kernels;

namespace EmbeddingGrpc.Indexing.Tests.Hnsw;

public sealed unsafe class CandidatePoolTests
{
    private static readonly Gen<(int Capacity, int Expandable, (int Key, int Farthest, bool Expand, bool Drop)[] Steps)> Histories =
        Gen.Select(Gen.Int[1, 5], Gen.Int[1, 5], Gen.Select(Gen.Int[-20, 20], Gen.Int[-22, 60], Gen.Bool, Gen.Int[0, 9].Select(draw => draw == 0)).Array[0, 120])
            .Select((blocks, expandable, steps) => (blocks * CandidatePool.Lanes, Math.Min(blocks, expandable) * CandidatePool.Lanes, steps));

    [Fact]
    public void InsertAndExpand_AnyHistory_AgreeWithASortedList() =>
        Histories.Sample(history =>
        {
            using var memory = new AlignedBuffer((history.Capacity + CandidatePool.Lanes) * sizeof(long));
            var pool = new CandidatePool((long*)memory.Bytes + CandidatePool.Lanes, history.Capacity);
            var model = new List<(int Key, int Node, bool Expanded)>();
            var node = 0;
            foreach (var (key, farthest, expand, drop) in history.Steps)
            {
                var entry = CandidatePool.Entry(key, node);
                var taken = entry < pool.Worst;
                Assert.Equal(model.Count < history.Capacity || (key, node).CompareTo((model[^1].Key, model[^1].Node)) < 0, taken);
                if (taken)
                {
                    pool.Insert(entry);
                    model.Add((key, node, false));
                    model.Sort();
                    if (model.Count > history.Capacity) model.RemoveAt(model.Count - 1);
                }
                node++;
                if (expand)
                {
                    var next = model.FindIndex(candidate => !candidate.Expanded);
                    if (next >= history.Expandable || (next >= 0 && model[next].Key > farthest)) next = -1;
                    Assert.Equal(next < 0 ? -1 : model[next].Node, pool.Expand(history.Expandable, CandidatePool.LastEntry(farthest)));
                    if (next >= 0) model[next] = model[next] with { Expanded = true };
                }
                if (drop)
                {
                    pool.Drop(CandidatePool.LastEntry(farthest));
                    model.RemoveAll(candidate => candidate.Key > farthest);
                }
                Assert.Equal(model.Count, pool.Count);
                for (var rank = 0; rank <= model.Count; rank++) Assert.Equal(rank < model.Count ? model[rank].Key : 77, pool.KeyOr(rank, 77));
            }
            for (var i = 0; i < model.Count; i++) Assert.Equal((model[i].Key, model[i].Node), (pool.KeyAt(i), pool.NodeAt(i)));
        });

    [Theory]
    [InlineData(int.MinValue, 0)]
    [InlineData(int.MaxValue, int.MaxValue / 2)]
    [InlineData(-1, 1)]
    public void Entry_OfKeyAndNode_GivesBothBack(int key, int node)
    {
        var entry = CandidatePool.Entry(key, node);
        Assert.Equal((key, node), (CandidatePool.KeyOf(entry), CandidatePool.NodeOf(entry)));
        Assert.True(entry <= CandidatePool.LastEntry(key));
        Assert.True(key == int.MaxValue || CandidatePool.Entry(key + 1, 0) > CandidatePool.LastEntry(key));
    }
}
