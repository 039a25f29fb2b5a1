using System.Numerics.Tensors;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Models.Overlay;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Tests.Models.Overlay;

public sealed class OverlaidIndexTests
{
    private const int Dimension = 8;
    private const int BaseItems = 40;

    [Theory]
    [InlineData(0, 10, false)]
    [InlineData(3, 10, false)]
    [InlineData(30, 10, false)]
    [InlineData(30, 70, false)]
    [InlineData(30, 100, false)]
    [InlineData(0, 10, true)]
    [InlineData(30, 10, true)]
    [InlineData(30, 70, true)]
    public void Search_BaseAndOverlay_FindsWhatAScanOfAllVectorsFinds(int folded, int k, bool graph)
    {
        var (generation, all) = Generation(folded, seed: folded, graph);
        try
        {
            var random = new Random(5);
            for (var query = 0; query < 20; query++)
            {
                var vector = RandomRow(random);
                foreach (var modulus in (int[])[1, 3])
                {
                    var filter = modulus == 1 ? null : new ModuloFilter(modulus);
                    var similar = Ids(generation, generation.Similar.Search, vector, k, filter);
                    var next = Ids(generation, generation.Next.Search, vector, k, filter);

                    Assert.Equal(Nearest(all.Select(item => (item.Id, TensorPrimitives.CosineSimilarity<float>(vector, item.Input))), k, modulus), similar);
                    Assert.Equal(Nearest(all.Select(item => (item.Id, TensorPrimitives.Dot<float>(vector, item.Output))), k, modulus), next);
                    var listing = modulus == 1 ? null : new ListingFilter(modulus, 2 * all.Count);
                    Assert.Equal(similar, Ids(generation, generation.Similar.Search, vector, k, listing));
                    Assert.Equal(next, Ids(generation, generation.Next.Search, vector, k, listing));
                    Assert.Equal(similar, Ids(generation, generation.ScanSimilar, vector, k, listing));
                    Assert.Equal(similar, Ids(generation, generation.ScanSimilar, vector, k, filter));
                    Assert.Equal(next, Ids(generation, generation.ScanNext, vector, k, filter));
                }
            }
        }
        finally
        {
            generation.Release();
        }
    }

    [Theory]
    [InlineData(0, 10, 1)]
    [InlineData(30, 10, 1)]
    [InlineData(30, 10, 3)]
    [InlineData(30, 100, 3)]
    public void ScanAll_ManyQueries_FindsWhatAScanForEachFinds(int folded, int k, int modulus)
    {
        var (generation, _) = Generation(folded, seed: folded, graph: true);
        try
        {
            const int Queries = 40;
            var random = new Random(6);
            var matrix = new EmbeddingMatrix(Queries, Dimension);
            for (var query = 0; query < Queries; query++) RandomRow(random).CopyTo(matrix[new ItemOrdinal(query)]);
            using var queries = VectorTable.FromMatrix(matrix);
            var parameters = new SearchParameters(k, Filter: modulus == 1 ? null : new ModuloFilter(modulus));
            var all = new Neighbor[Queries * k];
            var counts = new int[Queries];

            foreach (var index in (OverlaidIndex[])[generation.SimilarIndex, generation.NextIndex])
            {
                index.ScanAll(queries, parameters, all, counts, TestContext.Current.CancellationToken);

                var one = new Neighbor[k];
                for (var query = 0; query < Queries; query++)
                {
                    var found = index.Scan(queries[new ItemOrdinal(query)], parameters, one, TestContext.Current.CancellationToken);
                    Assert.Equal(one[..found], all[(query * k)..((query * k) + counts[query])]);
                }
            }
        }
        finally
        {
            generation.Release();
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Search_ReplacedVectors_FindsTheItemOnceAtItsNewPlace(bool graph)
    {
        var (generation, _) = Generation(folded: 1, seed: 3, graph);
        try
        {
            generation.TryGetOrdinal("new-0", out var item);
            var before = generation.InputOf(item).ToArray();
            var turned = before.Select(value => -value).ToArray();

            generation.FoldIn(new ItemKey(BaseItems), turned, turned, default);

            var results = new Neighbor[BaseItems + 5];
            var found = generation.Similar.Search(turned, new SearchParameters(results.Length), results, TestContext.Current.CancellationToken);
            Assert.Equal(BaseItems + 1, found);
            Assert.Equal(item, results[0].Item);
            Assert.Equal(1, results[0].Score, 1e-5);
            Assert.Equal((BaseItems + 1, BaseItems + 1), (generation.Similar.Count, generation.Next.Count));
            Assert.Equal(BaseItems + 1, results[..found].Select(neighbor => neighbor.Item).Distinct().Count());
        }
        finally
        {
            generation.Release();
        }
    }

    [Fact]
    public void Count_Always_IsOfBothTogether()
    {
        var (generation, _) = Generation(folded: 7, seed: 3, graph: true);

        Assert.Equal((BaseItems + 7, BaseItems + 7), (generation.Similar.Count, generation.Next.Count));

        generation.Release();
    }

    private delegate int Searcher(ReadOnlySpan<float> query, in SearchParameters parameters, Span<Neighbor> results, CancellationToken cancellationToken);

    private static (Generation Generation, List<(string Id, float[] Input, float[] Output)> All) Generation(int folded, int seed, bool graph)
    {
        var items = new ItemKeys();
        for (var item = 0; item < BaseItems; item++) items.GetOrAdd($"item-{item}");
        var generation = new Generation(
            TestGenerations.Parts(BaseItems, Dimension, seed: 1, index: (vectors, metric) => graph
                ? HnswIndex.Build(vectors, metric, new HnswOptions { BuildThreads = 1 }, cancellationToken: TestContext.Current.CancellationToken)
                : new ExactIndex(vectors, metric)), items);
        var all = Enumerable.Range(0, BaseItems).Select(item => new ItemOrdinal(item))
            .Select(item => (generation.IdOf(item), generation.InputOf(item).ToArray(), generation.OutputOf(item).ToArray())).ToList();
        var random = new Random(seed);
        for (var item = 0; item < folded; item++)
        {
            var (input, output) = (RandomRow(random), RandomRow(random));
            generation.FoldIn(items.GetOrAdd($"new-{item}"), input, output, default);
            all.Add(($"new-{item}", input, output));
        }

        return (generation, all);
    }

    private static float[] RandomRow(Random random) => [.. Enumerable.Range(0, Dimension).Select(_ => (random.NextSingle() * 2) - 1)];

    private static string[] Ids(Generation generation, Searcher search, float[] query, int k, IItemFilter? filter)
    {
        var results = new Neighbor[k];
        var found = search(query, new SearchParameters(k, Filter: filter), results, TestContext.Current.CancellationToken);
        return [.. results[..found].Select(neighbor => generation.IdOf(neighbor.Item))];
    }

    private static string[] Nearest(IEnumerable<(string Id, float Score)> scores, int k, int modulus) =>
        [.. scores.Where((_, ordinal) => ordinal % modulus == 0).OrderByDescending(item => item.Score).Take(k).Select(item => item.Id)];

    private sealed class ModuloFilter(int modulus) : IItemFilter
    {
        public bool Accepts(ItemOrdinal item) => item.Value % modulus == 0;
    }

    /// <summary>The same, listing what it accepts among so many items, and a few others.</summary>
    private sealed class ListingFilter(int modulus, int items) : IItemFilter
    {
        public ItemOrdinal[]? Listed { get; } = [.. Enumerable.Range(0, items).Where(item => item % modulus <= 1).Select(item => new ItemOrdinal(item))];

        public bool Accepts(ItemOrdinal item) => item.Value % modulus == 0;
    }
}
