using CsCheck;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Tests;

public sealed class NearestListTests
{
    [Fact]
    public void Offer_AnyNeighbours_KeepsTheBestSorted() =>
        Gen.Select(Gen.Int[1, 12], Gen.Int[-5, 5].Array[0, 60]).Sample((k, scores) =>
        {
            var results = new Neighbor[k];
            var nearest = new NearestList(results);
            for (var i = 0; i < scores.Length; i++)
            {
                if (nearest.Wants(scores[i])) nearest.Offer(new Neighbor(new ItemOrdinal(i), scores[i]));
            }
            var found = nearest.Finish();
            var expected = scores.Select((score, i) => new Neighbor(new ItemOrdinal(i), score)).OrderByDescending(n => n.Score).ThenBy(n => n.Item.Value).Take(k);
            Assert.Equal(expected, results[..found]);
        });
}
