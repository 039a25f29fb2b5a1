using CsCheck;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training.Tests;

public sealed class SessionBuilderTests
{
    private const int GapMs = 10;

    [Fact]
    public void Build_AnyInteractions_AgreesWithGroupingSortingAndCutting() =>
        Gen.Select(Gen.Select(Gen.Int[0, 4], Gen.Int[0, 6], Gen.Int[0, 60]).Array[0, 120], Gen.Int[1, 4]).Sample((events, minimumCount) =>
        {
            var builder = new SessionBuilder(TimeSpan.FromMilliseconds(GapMs));
            foreach (var (user, item, time) in events)
            {
                builder.Add($"u{user}", $"i{item}", time);
            }

            var corpus = builder.Build(minimumCount, TestContext.Current.CancellationToken);
            Assert.Equal(events.Length, builder.Count);
            Assert.Equal(Expected(events, minimumCount), Sessions(corpus));
            Assert.Equal(corpus.WordCount, corpus.Vocabulary.TotalCount);
        });

    [Fact]
    public void Build_ArrivalOutOfOrder_SortsByTimeAndKeepsTiesInOrderOfArrival()
    {
        var builder = new SessionBuilder(TimeSpan.FromDays(1));
        builder.Add("u", "late", 500);
        builder.Add("u", "tie1", 100);
        builder.Add("u", "tie2", 100);
        builder.Add("u", "first", -7);
        var corpus = builder.Build(1, TestContext.Current.CancellationToken);
        Assert.Equal([["first", "tie1", "tie2", "late"]], Sessions(corpus));
    }

    [Fact]
    public void Build_SelectionWithoutReplay_KeepsWhatIsRecentWithItsContextsAndEveryItem()
    {
        var builder = new SessionBuilder(TimeSpan.FromDays(1)) { Selection = new SessionSelection(FirstRecent: 6, Reach: 2, ReplayShare: 0, Seed: 1) };
        foreach (string item in new[] { "a", "b", "c", "d" })
        {
            builder.Add("active", item, builder.Count);
        }

        builder.Add("gone", "x", 0);
        builder.Add("gone", "y", 1);
        builder.Add("active", "e", 100);
        builder.Add("new", "z", 100);
        var corpus = builder.Build(1, TestContext.Current.CancellationToken);
        Assert.Equal([["c", "d", "e"], ["z"]], Sessions(corpus));
        Assert.Equal(8, corpus.Vocabulary.Count);
        Assert.Equal(8, corpus.Vocabulary.TotalCount);
    }

    [Fact]
    public void Build_SelectionWithReplay_KeepsThatShareOfTheOldByLot()
    {
        int KeptWith(double share, ulong seed)
        {
            var builder = new SessionBuilder(TimeSpan.FromDays(1)) { Selection = new SessionSelection(FirstRecent: long.MaxValue, Reach: 2, share, seed) };
            for (int user = 0; user < 1000; user++)
            {
                builder.Add($"u{user}", "a", 0);
                builder.Add($"u{user}", "b", 1);
            }

            return builder.Build(1, TestContext.Current.CancellationToken).SessionCount;
        }

        Assert.Equal(1000, KeptWith(1, 1));
        Assert.InRange(KeptWith(0.3, 1), 250, 350);
        Assert.Equal(KeptWith(0.3, 1), KeptWith(0.3, 1));
        Assert.NotEqual(KeptWith(0.3, 1), KeptWith(0.3, 2));
    }

    [Fact]
    public void Build_GapExactlyAtTheLimit_DoesNotCut()
    {
        var builder = new SessionBuilder(TimeSpan.FromMilliseconds(GapMs));
        builder.Add("u", "a", 0);
        builder.Add("u", "b", GapMs);
        builder.Add("u", "c", (2 * GapMs) + 1);
        Assert.Equal([["a", "b"], ["c"]], Sessions(builder.Build(1, TestContext.Current.CancellationToken)));
    }

    [Fact]
    public void Build_TimesAtTheEndsOfTheRange_CutsWithoutOverflow()
    {
        var builder = new SessionBuilder(TimeSpan.FromDays(1));
        builder.Add("u", "a", long.MinValue);
        builder.Add("u", "b", long.MaxValue);
        Assert.Equal([["a"], ["b"]], Sessions(builder.Build(1, TestContext.Current.CancellationToken)));
    }

    [Fact]
    public void Build_MoreInteractionsThanAGroup_KeepsEveryUserWhole()
    {
        const int Users = 5_000;
        const int Each = 30;
        var builder = new SessionBuilder(TimeSpan.FromDays(1)) { GroupInteractions = 7_777 };
        Span<byte> user = stackalloc byte[4];
        for (int round = 0; round < Each; round++)
        {
            for (int u = 0; u < Users; u++)
            {
                BitConverter.TryWriteBytes(user, u);
                builder.Add(user, user[..1], Each - round);
            }
        }

        var corpus = builder.Build(1, TestContext.Current.CancellationToken);
        Assert.Equal(Users, corpus.SessionCount);
        Assert.Equal((long)Users * Each, corpus.WordCount);
        for (int session = 0; session < Users; session++)
        {
            Assert.Equal(Each, corpus.Session(session).Length);
            byte id = corpus.Vocabulary.Utf8IdOf(new ItemOrdinal(corpus.Session(session)[0]))[0];
            Assert.Equal((byte)session, id);
            Assert.False(corpus.Session(session).ContainsAnyExcept(corpus.Session(session)[0]));
        }
    }

    [Theory]
    [InlineData("", "i")]
    [InlineData("u", "")]
    public void Add_EmptyId_Throws(string user, string item)
    {
        var builder = new SessionBuilder(TimeSpan.FromDays(1));
        Assert.Throws<ArgumentException>(() => builder.Add(user, item, 0));
        Assert.Throws<ArgumentException>(() => builder.Add(System.Text.Encoding.UTF8.GetBytes(user), System.Text.Encoding.UTF8.GetBytes(item), 0));
        Assert.Equal(0, builder.Count);
    }

    [Fact]
    public void Build_Twice_Throws()
    {
        var builder = new SessionBuilder(TimeSpan.FromDays(1));
        builder.Build(1, TestContext.Current.CancellationToken);
        Assert.Throws<InvalidOperationException>(() => builder.Build(1, TestContext.Current.CancellationToken));
        Assert.Throws<InvalidOperationException>(() => builder.Add("u", "i", 0));
    }

    [Fact]
    public void Build_Cancelled_Throws()
    {
        var builder = new SessionBuilder(TimeSpan.FromDays(1));
        builder.Add("u", "i", 0);
        Assert.Throws<OperationCanceledException>(() => builder.Build(1, new CancellationToken(canceled: true)));
    }

    private static string[][] Expected((int User, int Item, int Time)[] events, int minimumCount)
    {
        var kept = events.CountBy(e => e.Item).Where(c => c.Value >= minimumCount).Select(c => c.Key).ToHashSet();
        var sessions = new List<List<int>>();
        foreach (var user in events.GroupBy(e => e.User))
        {
            int? last = null;
            foreach (var e in user.OrderBy(e => e.Time))
            {
                if (last is null || e.Time - last > GapMs)
                {
                    sessions.Add([]);
                }

                last = e.Time;
                if (kept.Contains(e.Item))
                {
                    sessions[^1].Add(e.Item);
                }
            }
        }

        return [.. sessions.Where(s => s.Count > 0).Select(s => s.Select(i => $"i{i}").ToArray())];
    }

    private static string[][] Sessions(TrainingCorpus corpus) =>
        [.. Enumerable.Range(0, corpus.SessionCount).Select(s =>
            corpus.Session(s).ToArray().Select(i => corpus.Vocabulary.IdOf(new ItemOrdinal(i))).ToArray())];
}
