using CsCheck;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Recall;

namespace EmbeddingGrpc.Server.Tests.Recall;

public sealed class ExcludedItemsTests
{
    [Fact]
    public void AddAndClear_AnySequence_EqualsAHashSet() =>
        Gen.Int[-(1 << 30), 1 << 30].Array[0, 500].Array[1, 3].Sample(rounds =>
        {
            var set = new ExcludedItems();
            foreach (var round in rounds)
            {
                set.Clear();
                var model = new HashSet<int>();
                foreach (var item in round) Assert.Equal(model.Add(item), set.Add(new CandidateId(item)));

                Assert.Equal(model.Count, set.Count);
                Assert.Equal(model.Count(item => item >= 0), set.CountInGeneration);
                Assert.All(round.Where(item => item >= 0), item => Assert.False(set.Accepts(new ItemOrdinal(item))));
                Assert.All(round.Select(item => item ^ 1), item => Assert.Equal(model.Contains(item), set.Contains(new CandidateId(item))));
            }
        });

    [Fact]
    public void AsFilter_Empty_IsNone()
    {
        var set = new ExcludedItems();
        Assert.Null(set.AsFilter);
        set.Add(CandidateId.Of(new ItemKey(0)));
        Assert.Null(set.AsFilter);
        set.Add(CandidateId.Of(new ItemOrdinal(0)));
        Assert.Same(set, set.AsFilter);
        set.Clear();
        Assert.Null(set.AsFilter);
    }
}
