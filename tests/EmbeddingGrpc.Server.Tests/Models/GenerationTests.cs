using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Tests.Models;

public sealed class GenerationTests
{
    [Fact]
    public void Constructor_PartsOfDifferentShapes_NamesTheOneThatDoesNotFit()
    {
        using var parts = TestGenerations.Parts(items: 3, dimension: 8);
        using var output = TestGenerations.Vectors(3, 4, seed: 9);
        using var input = TestGenerations.Vectors(2, 8, seed: 9);

        var dimension = Assert.Throws<ArgumentException>(() => new Generation(parts with { Output = output }, new ItemKeys()));
        var rows = Assert.Throws<ArgumentException>(() => new Generation(parts with { Input = input }, new ItemKeys()));

        Assert.Contains("Output is [3, 4]", dimension.Message, StringComparison.Ordinal);
        Assert.Contains("Input is [2, 8]", rows.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void IdText_AnyId_Is16LowerCaseHexadecimalDigits()
    {
        using var parts = TestGenerations.Parts() with { Id = 0x00ABCDEF12345678 };

        Assert.Equal("00abcdef12345678", new Generation(parts, new ItemKeys()).IdText);
    }

    [Fact]
    public void TryGetOrdinal_KeysGivenBeforeAndAfter_FollowTheVocabulary()
    {
        // 10,000 keys span several chunks of the map; only every third item is in the vocabulary.
        const int Keys = 10_000;
        var items = new ItemKeys();
        var known = Enumerable.Range(0, Keys).Where(key => key % 3 == 0).Select(key => $"item-{key}").ToList();
        for (var key = 0; key < Keys / 4; key++) items.GetOrAdd($"item-{key}");
        var sessions = new Training.SessionBuilder(TimeSpan.FromDays(1));
        foreach (var item in known) sessions.Add("user", item, 0);
        var vocabulary = sessions.Build(1, TestContext.Current.CancellationToken).Vocabulary;
        using var input = TestGenerations.Vectors(vocabulary.Count, 2, seed: 1);
        using var parts = new GenerationParts
        {
            Vocabulary = vocabulary,
            Input = input,
            Output = input,
            Similar = new TrackedIndex(input, Indexing.SimilarityMetric.Cosine),
            Next = new TrackedIndex(input, Indexing.SimilarityMetric.DotProduct),
        };
        var generation = new Generation(parts, items);

        // The applier goes on giving keys while the generation serves.
        for (var key = Keys / 4; key < Keys; key++) items.GetOrAdd($"item-{key}");

        for (var pass = 0; pass < 2; pass++)
        {
            for (var key = Keys - 1; key >= 0; key--)
            {
                var found = generation.TryGetOrdinal(new ItemKey(key), out var ordinal);
                Assert.Equal(key % 3 == 0, found);
                if (found) Assert.Equal($"item-{key}", vocabulary.IdOf(ordinal));
            }
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(2)]
    [InlineData(5000)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void TryGetOrdinal_KeyNotGivenYet_IsUnknownUntilItIs(int key)
    {
        var items = new ItemKeys();
        items.GetOrAdd("item-0");
        items.GetOrAdd("item-1");
        using var parts = TestGenerations.Parts(items: 5);
        var generation = new Generation(parts, items);

        Assert.False(generation.TryGetOrdinal(new ItemKey(key), out _));

        if (key != 2) return;
        items.GetOrAdd("item-4");
        Assert.True(generation.TryGetOrdinal(new ItemKey(key), out var ordinal));
        Assert.Equal(new ItemOrdinal(4), ordinal);
    }

    [Fact]
    public void TryGetOrdinal_ManyThreadsWhileKeysAreGiven_AlwaysAgreesWithTheVocabulary()
    {
        const int Keys = 20_000;
        var items = new ItemKeys();
        using var parts = TestGenerations.Parts(items: 50);
        var generation = new Generation(parts, items);
        var wrong = 0;
        var readers = Enumerable.Range(0, 3).Select(seed => new Thread(() =>
        {
            var random = new Random(seed);
            while (items.Count < Keys || random.Next(1000) != 0)
            {
                if (items.Count == 0) continue;
                var key = new ItemKey(random.Next(items.Count));
                var expected = generation.Vocabulary.TryGetOrdinal(items.IdOf(key), out var ordinal);
                if (generation.TryGetOrdinal(key, out var found) != expected || (expected && found != ordinal)) Interlocked.Increment(ref wrong);
            }
        })).ToList();
        readers.ForEach(reader => reader.Start());
        for (var key = 0; key < Keys; key++) items.GetOrAdd($"item-{(key % 400 == 0 ? key / 400 : key + 1_000_000)}");
        readers.ForEach(reader => reader.Join());

        Assert.Equal(0, wrong);
        Assert.True(generation.TryGetOrdinal(new ItemKey(400), out var second));
        Assert.Equal(new ItemOrdinal(1), second);
    }

    [Fact]
    public void NewId_ManyTimes_NeverRepeats() =>
        Assert.Equal(1000, Enumerable.Range(0, 1000).Select(_ => GenerationParts.NewId()).Distinct().Count());

    [Fact]
    public void CacheId_ItemsFoldedIn_ChangesFourTimesASecondAtMost()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var items = new ItemKeys();
        var generation = new Generation(TestGenerations.Parts(items: 3), items, time);
        var row = new float[8];
        row[0] = 1;
        Assert.Equal(generation.Id, generation.CacheId);

        generation.FoldIn(items.GetOrAdd("first"), row, row, default);
        Assert.Equal(generation.Id, generation.CacheId);
        time.Advance(TimeSpan.FromSeconds(0.25));
        var revised = generation.CacheId;
        Assert.NotEqual(generation.Id, revised);

        generation.FoldIn(items.GetOrAdd("second"), row, row, default);
        time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal(revised, generation.CacheId);
        time.Advance(TimeSpan.FromSeconds(0.05));
        var again = generation.CacheId;
        Assert.NotEqual(revised, again);
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(again, generation.CacheId);

        generation.Release();
    }
}
