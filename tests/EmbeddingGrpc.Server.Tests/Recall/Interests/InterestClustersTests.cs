using CsCheck;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Recall;
using EmbeddingGrpc.Server.Recall.Interests;
using EmbeddingGrpc.Server.Tests.Models;

namespace EmbeddingGrpc.Server.Tests.Recall.Interests;

/// <summary>Against average linkage as it is defined: the mean over all pairs, made anew at each step.</summary>
public sealed class InterestClustersTests : IDisposable
{
    private const int Items = 200;
    private const int Dimension = 6;

    private readonly ItemKeys _keys = new();
    private readonly GenerationStore _store = new();
    private readonly GenerationLease _lease;

    public InterestClustersTests()
    {
        for (var item = 0; item < Items; item++) _keys.GetOrAdd($"item-{item}");
        _store.Publish(new Generation(TestGenerations.Parts(Items, Dimension, index: (vectors, metric) => new ExactIndex(vectors, metric)), _keys));
        _store.TryLease(out _lease);
    }

    public void Dispose()
    {
        _lease.Dispose();
        _store.Dispose();
    }

    [Fact]
    public void Divide_AnyItems_IsAverageLinkage() =>
        Gen.Select(Gen.Int[0, Items - 1].Array[1, 30], Gen.Int[1, 8]).Sample((drawn, most) =>
        {
            var items = drawn.Distinct().ToArray();
            var found = Divide(items, most, out var count);
            Assert.Equal(Math.Min(most, items.Length), count);
            Assert.Equal(Oracle(items, most), found);
        }, iter: 300);

    [Fact]
    public void Divide_ItemsThatTheGenerationLacks_GoWithTheOneSeenJustAfterThem()
    {
        var known = Divide([3, 70, 120], 3, out _);
        Assert.Equal([0, 1, 2], known);
        Assert.Equal([0, 0, 1, 2, 2], Divide([-1, 3, 70, 120, -1], 3, out _));
        Assert.Equal([0, 0], Divide([-1, -1], 3, out var count));
        Assert.Equal(1, count);
    }

    [Fact]
    public void Divide_MoreItemsThanAreCompared_EachOlderOneJoinsAnInterest()
    {
        var items = Enumerable.Range(0, Items).ToArray();
        var found = Divide(items, 4, out var count);

        Assert.Equal((4, Items), (count, found.Length));
        Assert.Equal(Divide(items[..InterestClusters.MostCompared], 4, out _), found[..InterestClusters.MostCompared]);
        var newest = Enumerable.Range(0, 4).Select(interest => Array.IndexOf(found, interest)).ToArray();
        for (var item = InterestClusters.MostCompared; item < Items; item++)
            Assert.Equal(found[newest.MaxBy(other => Cosine(item, other))], found[item]);
    }

    private int[] Divide(int[] items, int most, out int count)
    {
        List<Pull> pulls = [.. items.Select(item => item < 0
            ? new Pull(CandidateId.Of(new ItemKey(Items + 7)), new ItemKey(Items + 7), 1)
            : new Pull(CandidateId.Of(new ItemOrdinal(item)), new ItemKey(item), 1))];
        count = new InterestClusters().Divide(_lease.Generation, pulls, most, out var interests);
        return interests.ToArray();
    }

    private int[] Oracle(int[] items, int most)
    {
        var interests = items.Select((_, place) => new List<int> { place }).ToList();
        while (interests.Count > most)
        {
            var (first, second) = (
                from a in Enumerable.Range(0, interests.Count)
                from b in Enumerable.Range(a + 1, interests.Count - a - 1)
                select (a, b)).MaxBy(pair => interests[pair.a].Average(i => interests[pair.b].Average(j => Cosine(items[i], items[j]))));
            interests[first].AddRange(interests[second]);
            interests.RemoveAt(second);
        }

        interests.Sort((left, right) => left.Min().CompareTo(right.Min()));
        return [.. items.Select((_, place) => interests.FindIndex(interest => interest.Contains(place)))];
    }

    private double Cosine(int left, int right)
    {
        var (a, b) = (_lease.Generation.Similarity[new ItemOrdinal(left)].ToArray(), _lease.Generation.Similarity[new ItemOrdinal(right)].ToArray());
        return a.Zip(b, (x, y) => (double)x * y).Sum() / Math.Sqrt(a.Sum(x => (double)x * x) * b.Sum(y => (double)y * y));
    }
}
