using CsCheck;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Tests.Pipeline;

public sealed class UserHistoriesTests
{
    [Fact]
    public void Apply_AnySequence_AgreesWithTheNaiveModel() =>
        Gen.Select(
            Gen.Int[1, 9],
            Gen.Int[1, 40],
            Gen.Select(Gen.Int[0, 60], Gen.Int[0, 30], Gen.Int[0, 20]).Array[0, 1500]).Sample(
            (length, users, steps) =>
            {
                var histories = new UserHistories(length, users);
                var naive = new NaiveHistories(length, users);
                for (var i = 0; i < steps.Length; i++)
                {
                    var (user, time, what) = steps[i];
                    var id = UserId(user);
                    if (what == 0)
                    {
                        Assert.Equal(naive.Remove(id), histories.Remove(id));
                        continue;
                    }

                    var interaction = new HistoryEvent(new ItemKey(i), (InteractionType)(what % 8), time, what);
                    naive.Apply(id, interaction, i);
                    histories.Apply(id, interaction, new LogOffset(i));
                }

                Assert.Equal(naive.Count, histories.UserCount);
                for (var user = 0; user <= 60; user++) AssertSame(naive, histories, UserId(user));
            },
            iter: 300);

    [Fact]
    public void Dispose_UsersWhoWereThere_AreGone()
    {
        var histories = new UserHistories(3, 10);
        histories.Apply(UserId(1), Event(1, time: 1), new LogOffset(0));
        Assert.True(histories.TryRead(UserId(1), new HistoryEvent[3], out _, out _));

        histories.Dispose();

        Assert.False(histories.TryRead(UserId(1), new HistoryEvent[3], out _, out _));
        Assert.False(histories.TryGlanceVersion(0, out _));
    }

    [Fact]
    public void Apply_ManyMoreUsersThanStripes_KeepsEveryHistory()
    {
        const int Users = 20_000;
        var histories = new UserHistories(3, Users);
        for (var i = 0; i < Users * 4; i++) histories.Apply(UserId(i % Users), Event(i, time: i), new LogOffset(i));

        Assert.Equal(Users, histories.UserCount);
        var events = new HistoryEvent[3];
        for (var user = 0; user < Users; user++)
        {
            Assert.True(histories.TryRead(UserId(user), events, out var count, out var version));
            Assert.Equal(3, count);
            Assert.Equal([user + Users, user + (2 * Users), user + (3 * Users)], events.Select(e => e.Item.Value));
            Assert.Equal(user + (3 * Users) + 1, version);
        }
    }

    [Fact]
    public void Apply_MoreUsersThanTheBound_DropsTheOneActiveLongestAgo()
    {
        var histories = new UserHistories(5, maximumUsers: 2);
        histories.Apply("a", Event(1, time: 300), new LogOffset(0));
        histories.Apply("b", Event(2, time: 200), new LogOffset(1));
        histories.Apply("a", Event(3, time: 100), new LogOffset(2));
        histories.Apply("c", Event(4, time: 0), new LogOffset(3));

        Assert.Equal(["a", "c"], new[] { "a", "b", "c" }.Where(user => histories.TryRead(user, new HistoryEvent[5], out _, out _)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("nobody")]
    public void TryRead_UnknownUser_IsFalse(string user)
    {
        var histories = new UserHistories();
        histories.Apply("somebody", Event(1, time: 1), new LogOffset(0));
        Assert.False(histories.TryRead(user, new HistoryEvent[50], out var count, out var version));
        Assert.Equal((0, 0L), (count, version));
    }

    [Fact]
    public void TryRead_IdLongerThanAnyCanBe_IsFalse() =>
        Assert.False(new UserHistories().TryRead(new string('x', 257), new HistoryEvent[50], out _, out _));

    [Fact]
    public void TryRead_SpanTooShort_Throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new UserHistories(50).TryRead("u", new HistoryEvent[49], out _, out _));

    [Fact]
    public async Task TryRead_WhileTheWriterAddsEvictsAndErases_SeesOnlyWholeHistories()
    {
        const int Users = 3000;
        var histories = new UserHistories(7, maximumUsers: 2000);
        using var stop = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 2).Select(seed => Task.Run(
            () =>
            {
                var random = new Random(seed);
                var events = new HistoryEvent[7];
                var hits = 0;
                while (!stop.IsCancellationRequested)
                {
                    var user = random.Next(Users);
                    if (!histories.TryRead(UserId(user), events, out var count, out var version)) continue;
                    hits++;
                    Assert.InRange(count, 1, 7);
                    // Each event says whose it is, times rise, and the version is that of the newest event.
                    Assert.All(events.Take(count), e => Assert.Equal(user, e.Item.Value));
                    for (var i = 1; i < count; i++) Assert.Equal(events[i - 1].EventTimeMs + 1, events[i].EventTimeMs);
                    Assert.Equal(version - 1, (long)events[count - 1].Weight);
                }

                return hits;
            },
            TestContext.Current.CancellationToken)).ToArray();

        var writer = new Random(7);
        var times = new long[Users];
        for (var offset = 0; offset < 1_000_000; offset++)
        {
            var user = writer.Next(Users);
            if (writer.Next(100) == 0) histories.Remove(UserId(user));
            else histories.Apply(UserId(user), new HistoryEvent(new ItemKey(user), InteractionType.View, times[user]++, offset), new LogOffset(offset));
        }

        await stop.CancelAsync();
        Assert.All(await Task.WhenAll(readers), hits => Assert.True(hits > 0));
    }

    [Fact]
    public void SizeBytes_ManyUsers_IsWhatTheDocumentationStates()
    {
        const int Users = 200_000;
        var histories = new UserHistories(50, Users);
        for (var i = 0; i < Users; i++)
        {
            var id = $"user-{i:0000000}";
            histories.Apply(id, Event(i, time: 1), new LogOffset(2 * i));
            histories.Apply(id, Event(i, time: 2), new LogOffset((2 * i) + 1));
        }

        // Stated: 100 bytes for a user with a 12-byte id and two events; chunks are rounded up.
        Assert.InRange((double)histories.SizeBytes / Users, 95, 105);
    }

    [Fact]
    public void SizeBytes_UsersComeAndGo_StaysFlat()
    {
        var histories = new UserHistories(10, maximumUsers: 1000);
        var early = 0L;
        for (var i = 0; i < 400_000; i++)
        {
            histories.Apply(UserId(i / 7), Event(i, time: i), new LogOffset(i));
            if (i == 100_000) early = histories.SizeBytes;
        }

        Assert.Equal(early, histories.SizeBytes);
    }

    private static string UserId(int user) => $"user-{user}-{new string('x', user % 40)}";

    private static HistoryEvent Event(int item, long time) => new(new ItemKey(item), InteractionType.Click, time, 1f);

    private static void AssertSame(NaiveHistories naive, UserHistories histories, string user)
    {
        var events = new HistoryEvent[histories.MaximumLength];
        var found = naive.TryRead(user, out var expected, out var expectedVersion);
        Assert.Equal(found, histories.TryRead(user, events, out var count, out var version));
        Assert.Equal(expected, events.Take(count));
        Assert.Equal(expectedVersion, version);
    }
}
