using System.Numerics.Tensors;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Graph;
using EmbeddingGrpc.Server.Recall;
using EmbeddingGrpc.Server.Recall.Blending;
using EmbeddingGrpc.Server.Tests.Models;

namespace EmbeddingGrpc.Server.Tests.Recall;

/// <summary>Places of an answer that are kept for items that the generation was not trained on.</summary>
public sealed class ColdShareTests : IDisposable
{
    private const int Items = 300;
    private const int ColdItems = 40;
    private const int Dimension = 12;
    private const int K = 20;

    private readonly ItemKeys _keys = new();
    private readonly GenerationStore _store = new();
    private readonly GenerationLease _lease;
    private readonly RecallEngine _engine = new(new RecallOptions { Blend = new BlendOptions { Embedding = 1, Similarity = 0 } });
    private readonly ItemGraph _graph = new(new ItemGraphOptions());

    public ColdShareTests()
    {
        for (var item = 0; item < Items + ColdItems; item++) _keys.GetOrAdd($"item-{item}");
        var generation = new Generation(TestGenerations.Parts(Items, Dimension, index: (vectors, metric) => new ExactIndex(vectors, metric)), _keys);
        // Short rows in the way of nothing: by products none of them is among the best by itself.
        FoldIn(generation, Items, ColdItems, length: 0.05f);
        _store.Publish(generation);
        _store.TryLease(out _lease);
    }

    private Generation Generation => _lease.Generation;

    public void Dispose()
    {
        _lease.Dispose();
        _store.Dispose();
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.05, 1)]
    [InlineData(0.051, 2)]
    [InlineData(0.2, 4)]
    [InlineData(0.5, 10)]
    [InlineData(1, 20)]
    public void Search_Session_KeepsThatShareForTheBestColdItemsAndTheRestForTheBestOthers(double share, int places)
    {
        var found = Search(Session(3, 9, 200), share);

        Assert.Equal(K, found.Length);
        var mix = Mix(200, 9, 3);
        var ranked = Enumerable.Range(0, Items + ColdItems).Where(item => item is not (3 or 9 or 200))
            .OrderByDescending(item => TensorPrimitives.Dot<float>(mix, Generation.OutputOf(new ItemOrdinal(item)))).ToArray();
        AssertShare(ranked, found, places);
    }

    [Theory]
    [InlineData(0.25, 5)]
    [InlineData(1, 20)]
    public void Search_ItemAndVector_KeepThatShareForTheMostSimilarColdItems(double share, int places)
    {
        var row = Generation.SimilarityOf(new ItemOrdinal(7)).ToArray();
        int[] Ranked(Func<int, bool> include) =>
            [.. Enumerable.Range(0, Items + ColdItems).Where(include)
                .OrderByDescending(item => TensorPrimitives.CosineSimilarity<float>(row, Generation.SimilarityOf(new ItemOrdinal(item))))];

        AssertShare(Ranked(item => item != 7), Search(new ItemSubject("item-7"), share), places);
        AssertShare(Ranked(_ => true), Search(new VectorSubject(row), share), places);
    }

    [Fact]
    public void Search_UserWithoutAHistory_GetsTheNewestItemsBehindThePopularOnes()
    {
        var found = Search(new UserSubject("nobody"), share: 0.25);

        int[] expected = [.. Enumerable.Range(0, 15), .. Enumerable.Range(0, 5).Select(newest => Items + ColdItems - 1 - newest)];
        Assert.Equal(expected, found.Select(candidate => candidate.Item.Ordinal.Value));
        Assert.All(found, candidate => Assert.Equal(RecallSources.Popular, candidate.Sources));
        Assert.Equal(found.OrderByDescending(candidate => candidate.Score).Select(candidate => candidate.Score), found.Select(candidate => candidate.Score));
    }

    [Fact]
    public void Search_ExcludedColdItems_DoNotTakeThePlaces()
    {
        var before = Search(Session(3), share: 0.25).Where(IsCold).Select(candidate => candidate.Item).ToArray();
        var excluded = before.Take(2).Select(item => Generation.IdOf(item.Ordinal)).ToArray();

        var found = Search(Session(3), share: 0.25, query => query with { Excludes = excluded });

        Assert.Equal(5, found.Count(IsCold));
        Assert.DoesNotContain(found, candidate => before.Take(2).Contains(candidate.Item));
    }

    [Fact]
    public void Search_FewerColdItemsThanPlaces_OthersTakeTheRest()
    {
        var kept = Enumerable.Range(Items, 3).Select(item => $"item-{item}").ToHashSet(StringComparer.Ordinal);
        var excluded = Enumerable.Range(Items, ColdItems).Select(item => $"item-{item}").Where(id => !kept.Contains(id)).ToArray();

        var found = Search(Session(3), share: 1, query => query with { Excludes = excluded });

        Assert.Equal((K, 3), (found.Length, found.Count(IsCold)));
    }

    [Fact]
    public void Search_Explained_ContributionsOfEachCandidateSumToItsScore()
    {
        var space = new RecallSpace(Generation, _keys, _graph);
        var result = _engine.Search(space, new RecallQuery { Subject = Session(3, 9), K = K, ColdShare = 0.5, Explain = true }, [], TestContext.Current.CancellationToken);

        Assert.Equal(10, result.Candidates.ToArray().Count(IsCold));
        for (var i = 0; i < result.Candidates.Length; i++)
            Assert.Equal(result.Candidates[i].Score, TensorPrimitives.Sum(result.Contributions.Slice(i * result.Pulls.Length, result.Pulls.Length)), 1e-3f);
    }

    [Fact]
    public void SearchColdNext_MoreItemsThanAreScanned_TheGraphFindsThemAmongTheOthers()
    {
        const int many = 5_000;
        var options = new HnswOptions { M = 8, EfConstruction = 32, BuildThreads = 1 };
        var keys = new ItemKeys();
        for (var item = 0; item < Items + many; item++) keys.GetOrAdd($"item-{item}");
        var generation = new Generation(TestGenerations.Parts(Items, Dimension, index: (vectors, metric) => HnswIndex.Build(vectors, metric, options)), keys);
        try
        {
            FoldIn(generation, Items, many, length: 1);
            var query = generation.InputOf(new ItemOrdinal(3)).ToArray();
            var results = new Neighbor[K];
            var found = generation.SearchColdNext(query, new SearchParameters(K, Ef: 400), results, TestContext.Current.CancellationToken);
            var expected = Enumerable.Range(Items, many).OrderByDescending(item => TensorPrimitives.Dot<float>(query, generation.OutputOf(new ItemOrdinal(item)))).Take(K);

            Assert.Equal(K, found);
            Assert.All(results, neighbor => Assert.True(generation.IsCold(neighbor.Item)));
            Assert.True(results.Select(neighbor => neighbor.Item.Value).Intersect(expected).Count() >= K - 2);
        }
        finally
        {
            generation.Release();
        }
    }

    private static SessionSubject Session(params int[] items) => new([.. items.Select(item => new SessionEntry($"item-{item}"))]);

    private static void FoldIn(Generation generation, int first, int count, float length)
    {
        var random = new Random(5);
        var (input, output) = (new float[Dimension], new float[Dimension]);
        for (var item = first; item < first + count; item++)
        {
            for (var d = 0; d < Dimension; d++)
            {
                input[d] = (random.NextSingle() * 2) - 1;
                output[d] = length * ((random.NextSingle() * 2) - 1);
            }

            generation.FoldIn(new ItemKey(item), input, output, input);
        }
    }

    private bool IsCold(RecallCandidate candidate) => Generation.IsCold(candidate.Item.Ordinal);

    private void AssertShare(int[] ranked, RecallCandidate[] found, int places)
    {
        var cold = ranked.Where(item => item >= Items).Take(places).ToHashSet();
        var others = ranked.Where(item => !cold.Contains(item)).Take(K - places);
        Assert.Equal(ranked.Where(item => cold.Contains(item) || others.Contains(item)), found.Select(candidate => candidate.Item.Ordinal.Value));
        Assert.True(found.Count(IsCold) >= places);
    }

    /// <summary>What a session asks with, newest first.</summary>
    private float[] Mix(params int[] newestFirst)
    {
        var mix = new float[Dimension];
        for (var place = 0; place < newestFirst.Length; place++)
        {
            var row = Generation.InputOf(new ItemOrdinal(newestFirst[place]));
            TensorPrimitives.MultiplyAdd(row, MathF.Pow(place + 1, -1.25f) / TensorPrimitives.Norm(row), mix, mix);
        }

        return mix;
    }

    private RecallCandidate[] Search(RecallSubject subject, double share, Func<RecallQuery, RecallQuery>? change = null)
    {
        var query = new RecallQuery { Subject = subject, K = K, ColdShare = share };
        var space = new RecallSpace(Generation, _keys, _graph);
        return _engine.Search(space, change?.Invoke(query) ?? query, [], TestContext.Current.CancellationToken).Candidates.ToArray();
    }
}
