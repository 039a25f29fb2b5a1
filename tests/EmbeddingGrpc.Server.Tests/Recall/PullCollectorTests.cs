using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Graph;
using EmbeddingGrpc.Server.Recall;
using EmbeddingGrpc.Server.Tests.Models;

namespace EmbeddingGrpc.Server.Tests.Recall;

/// <summary>How strongly the items of a history, and of a session beside one, pull a query.</summary>
public sealed class PullCollectorTests : IDisposable
{
    private const int Items = 30;
    private const long Hour = 3_600_000;

    private readonly ItemKeys _keys = new();
    private readonly GenerationStore _store = new();
    private readonly GenerationLease _lease;
    private readonly PullCollector _collector = new(new RecallOptions { HistoryItems = 6, RecencyExponent = 1, HistoryWeight = 0.25 });

    // The thread's: another test on it resets it too.
    private readonly RecallScratch _scratch = RecallScratch.Current;

    public PullCollectorTests()
    {
        for (var item = 0; item < Items; item++) _keys.GetOrAdd($"item-{item}");
        _store.Publish(new Generation(TestGenerations.Parts(Items), _keys));
        _store.TryLease(out _lease);
        _scratch.Reset();
    }

    private RecallSpace Space => new(_lease.Generation, _keys, new ItemGraph(new ItemGraphOptions()));

    public void Dispose()
    {
        _lease.Dispose();
        _store.Dispose();
    }

    [Fact]
    public void FromHistory_HalfLife_HalvesWithEachHalfLifeBeforeTheNewestWhateverTheirPlaces()
    {
        HistoryEvent[] history = [View(1, 1000), View(2, 1000 + Hour), View(3, 1000 + (2 * Hour)), View(4, 1000 + (2 * Hour)), View(5, 1000 + (4 * Hour))];
        Assert.Equal([(5, 1), (4, 0.25), (3, 0.25), (2, 0.125), (1, 0.0625)], OfUser(history, TimeSpan.FromHours(1)));
    }

    [Fact]
    public void FromHistory_HalfLife_IsTheSameAnyTimeLater()
    {
        HistoryEvent[] history = [View(1, 0), View(2, Hour)];
        HistoryEvent[] later = [.. history.Select(e => e with { EventTimeMs = e.EventTimeMs + (10_000 * Hour) })];
        Assert.Equal(OfUser(history, TimeSpan.FromHours(2)), OfUser(later, TimeSpan.FromHours(2)));
    }

    [Fact]
    public void FromHistory_HalfLife_AgesAnItemFromItsNewestPullAndByItsStrongest()
    {
        HistoryEvent[] history =
        [
            new(new ItemKey(1), InteractionType.Purchase, 0, 1), View(2, Hour), View(1, 2 * Hour),
            // Seen last, but being shown pulls nothing and so is not what the others are old against.
            new(new ItemKey(9), InteractionType.Impression, 5000 * Hour, 1),
        ];
        Assert.Equal([(1, 2), (2, 0.5)], OfUser(history, TimeSpan.FromHours(1)));
    }

    [Fact]
    public void FromHistory_OlderThanAFloatCanTell_PullsNoMore() =>
        Assert.Equal([(2, 1)], OfUser([View(1, 0), View(2, 1000 * Hour)], TimeSpan.FromSeconds(1)));

    [Fact]
    public void FromHistory_WithoutHalfLife_GoesByPlaceWhateverTheTime() =>
        Assert.Equal([(3, 1), (2, 0.5), (1, 0.333333)], OfUser([View(1, 0), View(2, 1000 * Hour), View(3, 1001 * Hour)], null));

    [Fact]
    public void FromSessionAndHistory_EachPartSumsToItsWeight()
    {
        var pulls = OfBoth(["item-11", "item-12"], [View(1, 0), View(2, 0)], 0.4);
        Assert.Equal([(12, 0.4), (11, 0.2), (2, 0.266667), (1, 0.133333)], pulls);
    }

    [Fact]
    public void FromSessionAndHistory_WithoutAWeight_TakesTheConfiguredOne()
    {
        var pulls = OfBoth(["item-11"], [View(1, 0)], null);
        Assert.Equal([(11, 0.75), (1, 0.25)], pulls);
    }

    [Fact]
    public void FromSessionAndHistory_AnItemOfBoth_PullsOnceWithBoth() =>
        Assert.Equal([(11, 0.75), (1, 0.25)], OfBoth(["item-11"], [View(1, 0), View(11, 0)], 0.75).Select(p => (p.Item, p.Weight)));

    [Theory]
    [InlineData(0.0, new[] { 11 })]
    [InlineData(1.0, new[] { 1 })]
    public void FromSessionAndHistory_AllToOnePart_TheOtherDoesNotPull(double weight, int[] pulling) =>
        Assert.Equal(pulling, OfBoth(["item-11"], [View(1, 0)], weight).Select(p => p.Item));

    [Fact]
    public void FromSessionAndHistory_OneIsUnknown_TheOtherHasTheWholeQuery()
    {
        Assert.Equal([(1, 1)], OfBoth(["unheard-of"], [View(1, 0)], 0));
        Assert.Equal([(11, 1)], OfBoth(["item-11"], [], 1));
        Assert.Empty(OfBoth(["unheard-of"], [], 0.5));
    }

    [Fact]
    public void FromSessionAndHistory_WhatTheHistoryDislikes_IsLeftOutAndStillPullsAsTheSessionSays()
    {
        var dislike = new HistoryEvent(new ItemKey(11), InteractionType.Dislike, 1, 1);
        Assert.Equal([(11, 0.5), (1, 0.5)], OfBoth(["item-11"], [View(1, 0), View(11, 0), dislike], 0.5, includeQueryItems: true));
        Assert.Equal([11], ExcludedOf(Items));
    }

    [Theory]
    [InlineData(false, 0, new[] { 1, 2, 11, 12 })]
    [InlineData(true, 0, new[] { 1, 2, 3, 4, 5, 6, 7, 11, 12 })]
    [InlineData(false, 3, new[] { 7, 11, 12 })]
    public void FromSessionAndHistory_Seen_IsTheSessionAndThenTheHistory(bool excludeSeen, int last, int[] excluded)
    {
        // Older than what may pull, which is six.
        HistoryEvent[] history = [View(3, 0), View(4, 0), View(5, 0), View(6, 0), View(7, 0)];
        if (last == 0) history = [.. history.Select(e => e with { Type = InteractionType.Impression }), View(1, 0), View(2, 0)];
        OfBoth(["item-11", "item-12"], history, 0.5, includeQueryItems: last > 0, excludeSeen, last);
        Assert.Equal(excluded, ExcludedOf(Items));
    }

    private static HistoryEvent View(int item, long timeMs) => new(new ItemKey(item), InteractionType.View, timeMs, 1);

    private (int Item, double Weight)[] OfUser(HistoryEvent[] history, TimeSpan? halfLife)
    {
        _scratch.Reset();
        _collector.FromHistory(Space, history, new RecallQuery { Subject = new UserSubject("user") { HalfLife = halfLife } }, _scratch);
        return Pulls();
    }

    private (int Item, double Weight)[] OfBoth(
        string[] items, HistoryEvent[] history, double? weight, bool includeQueryItems = false, bool excludeSeen = false, int excludeSeenLast = 0)
    {
        _scratch.Reset();
        var session = new SessionSubject([.. items.Select(item => new SessionEntry(item))]) { UserId = "user", HistoryWeight = weight };
        var query = new RecallQuery { Subject = session, IncludeQueryItems = includeQueryItems, ExcludeSeen = excludeSeen, ExcludeSeenLast = excludeSeenLast };
        _collector.FromSessionAndHistory(Space, session, history, query, _scratch);
        return Pulls();
    }

    private (int Item, double Weight)[] Pulls() => [.. _scratch.Pulls.Select(pull => (pull.Item.Ordinal.Value, Math.Round(pull.Weight, 6)))];

    private int[] ExcludedOf(int items) => [.. Enumerable.Range(0, items).Where(item => _scratch.Excluded.Contains(CandidateId.Of(new Numerics.ItemOrdinal(item))))];
}
