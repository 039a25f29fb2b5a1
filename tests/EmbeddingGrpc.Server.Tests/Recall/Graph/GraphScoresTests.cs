using CsCheck;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Recall.Graph;

namespace EmbeddingGrpc.Server.Tests.Recall.Graph;

public sealed class GraphScoresTests
{
    [Fact]
    public void Add_AnyItems_IsWhatADictionaryHolds()
    {
        var scores = new GraphScores();
        Gen.Select(Gen.Int[0, 3000], Gen.Float[0.1f, 10], Gen.Bool).Array[0, 4000].Sample(
            added =>
            {
                scores.Clear();
                var expected = new Dictionary<int, (double Direct, double Walk)>();
                foreach (var (item, weight, walks) in added)
                {
                    var (direct, walk) = expected.GetValueOrDefault(item);
                    expected[item] = walks ? (direct, walk + (2 * weight)) : (direct + (2 * weight), walk);
                    if (walks) scores.AddWalk([item], [weight], 2);
                    else scores.AddDirect([item], [weight], 2);
                }

                Assert.Equal(expected.Count, scores.Count);
                foreach (var (item, (direct, walk)) in expected)
                {
                    var place = scores.Find(new ItemKey(item));
                    Assert.Equal(new ItemKey(item), scores.KeyAt(place));
                    Assert.Equal(direct, scores.Direct[place], 1e-3);
                    Assert.Equal(walk, scores.Walk[place], 1e-3);
                }

                Assert.Equal(-1, scores.Find(new ItemKey(3001)));
            },
            iter: 50,
            threads: 1);
    }
}
