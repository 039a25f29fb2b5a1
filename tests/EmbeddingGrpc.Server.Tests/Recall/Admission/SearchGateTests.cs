using EmbeddingGrpc.Server.Recall.Admission;
using EmbeddingGrpc.Server.Tests.Cache;
using Microsoft.Extensions.Time.Testing;

namespace EmbeddingGrpc.Server.Tests.Recall.Admission;

public sealed class SearchGateTests : IDisposable
{
    private static readonly AdmissionOptions Options = new() { MaximumSearches = 2, MaximumWait = TimeSpan.FromMilliseconds(20), MaximumWaiting = 100 };

    private readonly FakeTimeProvider _time = new();
    private readonly TestMetrics _metrics = new();
    private readonly SearchGate _gate;

    public SearchGateTests() => _gate = new SearchGate(Options, _time, _metrics.Metrics);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _metrics.Dispose();

    [Fact]
    public void Enter_PlacesFree_PassesAtOnce()
    {
        var entered = new[] { Enter(), Enter() };

        Assert.All(entered, enter => Assert.True(enter.IsCompletedSuccessfully));
        Assert.Equal((2, 0), (_gate.Searching, _gate.Waiting));
    }

    [Fact]
    public async Task Enter_PlacesTaken_WaitsInOrder()
    {
        var (first, second) = (await Enter(), await Enter());
        var (third, fourth) = (Enter(), Enter());
        Assert.Equal((2, 2), (_gate.Searching, _gate.Waiting));

        first.Dispose();
        var place = await third;
        Assert.False(fourth.IsCompleted);
        place.Dispose();
        second.Dispose();
        (await fourth).Dispose();

        Assert.Equal((0, 0), (_gate.Searching, _gate.Waiting));
    }

    [Fact]
    public async Task Enter_WaitWouldBeTooLong_IsRefusedAtOnceAndToldWhenToComeAgain()
    {
        await SearchFor(TimeSpan.FromMilliseconds(30));
        await Enter();
        await Enter();
        // A burst waits for itself, however slow searches are.
        var burst = Enumerable.Range(0, 32).Select(_ => Enter()).ToArray();
        var refused = await Assert.ThrowsAsync<RecallOverloadedException>(Enter);

        Assert.All(burst, waits => Assert.False(waits.IsCompleted));
        Assert.InRange(refused.RetryAfter, TimeSpan.FromMilliseconds(33 * 30 / 2), TimeSpan.FromMilliseconds(33 * 30));
        Assert.Equal(1, _metrics.Total("embeddinggrpc.recall.shed"));
    }

    [Fact]
    public async Task Enter_SearchesAreQuick_LetsAsManyWaitAsAreDoneInTime()
    {
        await SearchFor(TimeSpan.FromMilliseconds(1));
        await Enter();
        await Enter();
        var waiting = 0;
        for (var refused = false; !refused;)
        {
            var enter = Enter();
            refused = enter.IsFaulted;
            if (!refused) waiting++;
            else await Assert.ThrowsAsync<RecallOverloadedException>(() => enter);
        }

        // Two places, a millisecond each: forty in twenty milliseconds.
        Assert.Equal(40, waiting);
    }

    [Fact]
    public async Task Enter_AsManyWaitAsMay_IsRefusedHoweverQuickSearchesAre()
    {
        var gate = new SearchGate(Options with { MaximumSearches = 1, MaximumWaiting = 3 }, _time, _metrics.Metrics);
        var place = await gate.EnterAsync(isTaken: false, Cancelled);
        var waiting = Enumerable.Range(0, 3).Select(_ => gate.EnterAsync(isTaken: false, Cancelled).AsTask()).ToArray();

        await Assert.ThrowsAsync<RecallOverloadedException>(async () => await gate.EnterAsync(isTaken: false, Cancelled));
        Assert.Throws<RecallOverloadedException>(gate.RequireCapacity);
        place.Dispose();
        foreach (var enter in waiting) (await enter).Dispose();
        gate.RequireCapacity();
    }

    [Fact]
    public async Task Enter_PartOfACallThatWasTaken_WaitsHoweverLong()
    {
        await SearchFor(TimeSpan.FromSeconds(5));
        var place = await Enter();
        await Enter();
        var part = _gate.EnterAsync(isTaken: true, Cancelled).AsTask();
        _time.Advance(TimeSpan.FromMinutes(1));
        place.Dispose();

        (await part).Dispose();
    }

    [Fact]
    public async Task Leave_SearchesBecameSlow_RefusesWhoHasWaitedTooLongAndAdmitsTheNext()
    {
        var first = await Enter();
        await Enter();
        var old = Enumerable.Range(0, 36).Select(_ => Enter()).ToArray();
        _time.Advance(TimeSpan.FromMilliseconds(41));
        first.Dispose();

        // As many are refused as are more than a burst.
        foreach (var refused in old[..4]) await Assert.ThrowsAsync<RecallOverloadedException>(() => refused);
        (await old[4]).Dispose();
        Assert.Equal(4, _metrics.Total("embeddinggrpc.recall.shed"));
    }

    [Fact]
    public async Task Enter_GivesUpWhileWaiting_LeavesTheQueueToTheOthers()
    {
        var place = await Enter();
        await Enter();
        using var caller = new CancellationTokenSource();
        var gaveUp = _gate.EnterAsync(isTaken: false, caller.Token).AsTask();
        var other = Enter();
        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gaveUp);
        Assert.Equal(1, _gate.Waiting);
        place.Dispose();
        (await other).Dispose();
    }

    [Fact]
    public async Task Enter_GaveUpBefore_TakesNoPlace()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await _gate.EnterAsync(isTaken: false, new CancellationToken(canceled: true)));
        Assert.Equal(0, _gate.Searching);
    }

    [Fact]
    public async Task Enter_ManyThreadsSomeOfWhomGiveUp_NeverMoreThanThePlacesAndAllComeBack()
    {
        var gate = new SearchGate(Options with { MaximumSearches = 3, MaximumWait = TimeSpan.FromMinutes(1) }, TimeProvider.System, _metrics.Metrics);
        var (inside, most, entered) = (0, 0, 0);
        await Parallel.ForAsync(0, 2000, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Cancelled }, async (i, token) =>
        {
            using var impatient = new CancellationTokenSource();
            var enter = gate.EnterAsync(isTaken: true, impatient.Token).AsTask();
            if (i % 3 == 0) await impatient.CancelAsync();
            try
            {
                using var place = await enter;
                InterlockedMax(ref most, Interlocked.Increment(ref inside));
                Interlocked.Increment(ref entered);
                await Task.Yield();
                Interlocked.Decrement(ref inside);
            }
            catch (OperationCanceledException)
            {
                // Gave up in the queue.
            }
        });

        Assert.InRange(most, 1, 3);
        Assert.InRange(entered, 1333, 2000);
        Assert.Equal((0, 0), (gate.Searching, gate.Waiting));
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); seen < value; seen = Volatile.Read(ref most)) Interlocked.CompareExchange(ref most, value, seen);
    }

    private Task<SearchPlace> Enter()
    {
        try
        {
            return _gate.EnterAsync(isTaken: false, Cancelled).AsTask();
        }
        catch (RecallOverloadedException e)
        {
            return Task.FromException<SearchPlace>(e);
        }
    }

    private async Task SearchFor(TimeSpan time)
    {
        var place = await Enter();
        _time.Advance(time);
        place.Dispose();
    }
}
