using System.Text;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Recall;
using EmbeddingGrpc.Server.Recall.Users;
using EmbeddingGrpc.Server.Tests.Models;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EmbeddingGrpc.Server.Tests.Recall.Users;

/// <summary>Over made-up vectors, so that who is like whom can be reckoned beside it.</summary>
public sealed class UserVectorStoreTests : IAsyncDisposable
{
    private const int Items = 40;
    private const int Dimension = 16;
    private const int Users = 300;

    private readonly RecallOptions _options = new() { HistoryItems = 6 };
    private readonly AppliedState _state = new(new ItemKeys(), new UserHistories(maximumLength: 10), new ItemCounters(TimeSpan.FromDays(7)));
    private readonly GenerationStore _generations = new();
    private readonly FakeTimeProvider _time = new();
    private readonly List<UserVectorStore> _stores = [];
    private readonly Random _random = new(5);
    private long _offset;

    public UserVectorStoreTests()
    {
        for (var item = 0; item < Items; item++) _state.Items.GetOrAdd($"item-{item}");
        Serve(seed: 1);
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _stores) await store.DisposeAsync();
        _generations.Dispose();
    }

    [Fact]
    public async Task Nearest_OfAnyUser_IsWhatComparingWithEveryoneFinds()
    {
        LetUsersAct(Users);
        var store = Open(_options);
        foreach (var user in new[] { 0, 17, Users - 1 }) await AssertExactAsync(store, user, Enumerable.Range(0, Users));
    }

    [Fact]
    public async Task Nearest_AfterARefresh_IsOfWhatUsersDidMeanwhile()
    {
        LetUsersAct(Users);
        var store = Open(_options);
        var before = await FindAsync(store, 3, 10);
        for (var user = 0; user < 60; user += 2) Act(user, _random.Next(Items));
        Act(Users, 7);

        // Too soon, and nothing that users did is seen yet.
        Assert.DoesNotContain(await FindAsync(store, Users, Users + 1), found => found.UserId == UserId(Users));
        await store.Building;
        Assert.Equal(before, await FindAsync(store, 3, 10));

        _time.Advance(_options.SimilarUsers.RefreshInterval);
        using (await LeaseAsync(store))
        {
            await store.Building;
        }

        foreach (var user in new[] { 2, 3, 150 }) await AssertExactAsync(store, user, Enumerable.Range(0, Users + 1));
    }

    [Fact]
    public async Task LeaseAsync_NothingHappened_MakesNothingAnew()
    {
        LetUsersAct(10);
        var store = Open(_options);
        using var first = await LeaseAsync(store);
        _time.Advance(TimeSpan.FromHours(1));
        using var second = await LeaseAsync(store);
        Assert.Same(first.Vectors, second.Vectors);
        await store.Building;
        using var third = await LeaseAsync(store);
        Assert.Same(first.Vectors, third.Vectors);
    }

    [Fact]
    public async Task LeaseAsync_MoreUsersThanMayBeKept_KeepsThoseWhoActedLast()
    {
        LetUsersAct(Users);
        foreach (var user in new[] { 250, 4, 9 }) Act(user, 1);
        var store = Open(_options with { SimilarUsers = new SimilarUserOptions { MaximumUsers = 5 } });

        var found = await FindAsync(store, 0, Users);

        Assert.Equal([UserId(298), UserId(299), UserId(250), UserId(4), UserId(9)], found.Select(user => user.UserId).OrderBy(LastAct));
        Assert.InRange(store.SizeBytes, 5 * Dimension * sizeof(float), 5 * ((Dimension * sizeof(float)) + 20));

        string LastAct(string id) => id == UserId(298) ? "0" : id == UserId(299) ? "1" : id == UserId(250) ? "2" : id == UserId(4) ? "3" : "4";
    }

    [Fact]
    public async Task Forget_User_IsFoundNoMoreEvenWhereTheUserComesBack()
    {
        LetUsersAct(20);
        var store = Open(_options);
        Assert.Contains(await FindAsync(store, 0, 20), found => found.UserId == UserId(3));

        _state.Histories.Remove(UserId(3));
        Assert.DoesNotContain(await FindAsync(store, 0, 20), found => found.UserId == UserId(3));
        store.Forget(UserId(3));
        // Back in the same place, under the same name: what was known before must not speak for the user.
        Act(3, 8);
        Assert.DoesNotContain(await FindAsync(store, 0, 20), found => found.UserId == UserId(3));

        _time.Advance(_options.SimilarUsers.RefreshInterval);
        (await LeaseAsync(store)).Dispose();
        await store.Building;
        await AssertExactAsync(store, 0, Enumerable.Range(0, 20));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Forget_WhileVectorsAreMade_UserDoesNotReappear(bool refreshing)
    {
        LetUsersAct(20);
        var store = Open(_options);
        if (refreshing)
        {
            (await LeaseAsync(store)).Dispose();
            Act(5, 1);
            _time.Advance(_options.SimilarUsers.RefreshInterval);
        }

        store.HistoriesRead = () =>
        {
            // The vector of the user is made already; the user is erased and does something again before it is taken over.
            _state.Histories.Remove(UserId(3));
            store.Forget(UserId(3));
            Act(3, 8);
        };
        (await LeaseAsync(store)).Dispose();
        await store.Building;
        store.HistoriesRead = null;

        var found = await FindAsync(store, 0, 20);
        Assert.Equal(18, found.Count);
        Assert.DoesNotContain(found, user => user.UserId == UserId(3));
    }

    [Fact]
    public async Task LeaseAsync_AfterASwap_IsOfTheVectorsThatServe()
    {
        LetUsersAct(50);
        var store = Open(_options);
        Assert.True(_generations.TryLease(out var old));
        using (old)
        {
            var before = await FindAsync(store, 0, 5);
            Serve(seed: 77);

            var after = await FindAsync(store, 0, 5);
            Assert.NotEqual(before.Select(user => user.Similarity), after.Select(user => user.Similarity));
            await AssertExactAsync(store, 0, Enumerable.Range(0, 50));

            using var lease = await LeaseAsync(store);
            Assert.Equal(_generations.Serving!.Id, lease.Vectors!.GenerationId);
            Assert.NotEqual(old.Generation.Id, lease.Vectors.GenerationId);
            // Whoever still answers from what was replaced gets nothing rather than another generation's.
            using var late = await store.LeaseAsync(old.Generation, Cancelled);
            Assert.Null(late.Vectors);
        }
    }

    [Fact]
    public async Task LeaseAsync_CancelledWhileVectorsAreMade_EndsTheWaitAndNotTheMaking()
    {
        LetUsersAct(10);
        var store = Open(_options);
        using var mayGoOn = new ManualResetEventSlim();
        using var cancel = new CancellationTokenSource();
        store.HistoriesRead = () =>
        {
            cancel.Cancel();
            mayGoOn.Wait(Cancelled);
        };
        Assert.True(_generations.TryLease(out var lease));
        using (lease) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.LeaseAsync(lease.Generation, cancel.Token).AsTask());
        mayGoOn.Set();

        Assert.Equal(9, (await FindAsync(store, 0, 10)).Count);
    }

    [Fact]
    public async Task LeaseAsync_TurnedOff_SaysWhichSetting()
    {
        var store = Open(_options with { SimilarUsers = new SimilarUserOptions { MaximumUsers = 0 } });
        var error = await Assert.ThrowsAsync<SimilarUsersOffException>(() => LeaseAsync(store));
        Assert.Contains("EmbeddingGrpc:Recall:SimilarUsers:MaximumUsers", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, store.SizeBytes);
    }

    [Fact]
    public async Task Nearest_Cancelled_Throws()
    {
        LetUsersAct(10);
        using var lease = await LeaseAsync(Open(_options));
        Assert.Throws<OperationCanceledException>(() => lease.Vectors!.Nearest(new float[Dimension], 3, null, new CancellationToken(canceled: true)));
    }

    private static string UserId(int user) => $"user-{user}";

    private void Serve(int seed)
    {
        var parts = TestGenerations.Parts(Items, Dimension, seed, number: seed, index: (vectors, metric) => new ExactIndex(vectors, metric)) with { Id = (ulong)(1000 + seed) };
        _generations.Publish(new Generation(parts, _state.Items));
    }

    private UserVectorStore Open(RecallOptions options)
    {
        var store = new UserVectorStore("default", options, _state, () => new LogOffset(_offset), _generations, _time, NullLogger.Instance);
        _stores.Add(store);
        return store;
    }

    private void LetUsersAct(int users)
    {
        for (var user = 0; user < users; user++)
            for (var act = 0; act <= user % 9; act++)
                Act(user, _random.Next(Items));
    }

    private void Act(int user, int item)
    {
        Assert.True(_state.Items.TryGet($"item-{item}", out var key));
        Assert.True(_state.Histories.Apply(UserId(user), new HistoryEvent(key, InteractionType.Click, _offset, 1), new LogOffset(_offset++)));
    }

    private async Task<UserVectorsLease> LeaseAsync(UserVectorStore store)
    {
        Assert.True(_generations.TryLease(out var lease));
        using (lease) return await store.LeaseAsync(lease.Generation, Cancelled);
    }

    private async Task<List<SimilarUser>> FindAsync(UserVectorStore store, int user, int k)
    {
        using var lease = await LeaseAsync(store);
        var users = lease.Vectors!;
        var vector = VectorOf(user).Select(value => (float)value).ToArray();
        var (id, events) = (new byte[UserDirectory.MaximumIdBytes], new StoredEvent[_state.Histories.MaximumLength]);
        var found = new List<SimilarUser>();
        foreach (var near in users.Nearest(vector, k, users.HashOf(UserId(user)), Cancelled))
        {
            Assert.True(users.TryRead(near.Item, id, events, out var record));
            found.Add(new SimilarUser(Encoding.UTF8.GetString(id, 0, record.IdLength), near.Score));
        }

        return found;
    }

    private async Task AssertExactAsync(UserVectorStore store, int user, IEnumerable<int> all)
    {
        var own = VectorOf(user);
        var expected = all.Where(other => other != user)
            .ToDictionary(UserId, other => own.Zip(VectorOf(other), (left, right) => left * right).Sum());
        var found = await FindAsync(store, user, 12);

        Assert.Equal(Math.Min(12, expected.Count), found.Count);
        Assert.Equal(expected.Values.OrderDescending().Take(found.Count), found.Select(similar => (double)similar.Similarity), (left, right) => Math.Abs(left - right) < 1e-5);
        Assert.All(found, similar => Assert.Equal(expected[similar.UserId], similar.Similarity, 1e-5));
        Assert.Equal(found.Count, found.DistinctBy(similar => similar.UserId).Count());
    }

    /// <summary>The decayed mean of the W1 rows of the last distinct items at unit length, itself at unit length; in double precision.</summary>
    private double[] VectorOf(int user)
    {
        var events = new HistoryEvent[_state.Histories.MaximumLength];
        Assert.True(_state.Histories.TryRead(UserId(user), events, out var count, out _));
        Assert.True(_generations.TryLease(out var lease));
        using (lease)
        {
            var sum = new double[Dimension];
            var newest = events.Take(count).Reverse().Select(happened => happened.Item).Distinct().Take(_options.HistoryItems);
            foreach (var (place, item) in newest.Index())
            {
                var row = lease.Generation.Input[new ItemOrdinal(item.Value)].ToArray().Select(value => (double)value).ToArray();
                var weight = Math.Pow(place + 1, -_options.RecencyExponent) / Math.Sqrt(row.Sum(value => value * value));
                for (var i = 0; i < Dimension; i++) sum[i] += weight * row[i];
            }

            var length = Math.Sqrt(sum.Sum(value => value * value));
            return [.. sum.Select(value => value / length)];
        }
    }
}
