using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Tests.Models;

public sealed class AskedQueriesTests : IDisposable
{
    private readonly Generation _generation = new(TestGenerations.Parts(index: (vectors, metric) => new ExactIndex(vectors, metric)), new ItemKeys());
    private readonly AskedQueries _asked = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _generation.Release();

    [Fact]
    public void Replay_NothingAsked_AsksNothing() => Assert.Equal(0, _asked.Replay(_generation, Cancellation));

    [Fact]
    public void Replay_MoreThanAreKept_AsksTheNewestOnceEach()
    {
        var run = new List<int>();
        var sampled = new List<int>();
        for (var number = 0; number < 10_000; number++)
        {
            if (!_asked.IsSampled()) continue;
            sampled.Add(number);
            _asked.Keep(new Query(number, run));
        }

        var count = _asked.Replay(_generation, Cancellation);

        Assert.Equal(625, sampled.Count);
        Assert.Equal(128, count);
        Assert.Equal(sampled.TakeLast(128), run.Order());
    }

    [Fact]
    public void Replay_Cancelled_StopsBetweenQuestions()
    {
        using var stop = new CancellationTokenSource();
        var run = new List<int>();
        for (var number = 0; number < 1000; number++)
            if (_asked.IsSampled()) _asked.Keep(new Query(number, run, stop.Cancel));

        Assert.Throws<OperationCanceledException>(() => _asked.Replay(_generation, stop.Token));
        Assert.Single(run);
    }

    [Fact]
    public void Hottest_NobodyWantsThem_CountsNothing()
    {
        _asked.Keep(new Query(1, []));

        Assert.Empty(Hottest(10));
    }

    [Fact]
    public void Hottest_SomeAskedMore_AreThoseInTheirOrder()
    {
        _asked.CountHottest(most: 40);
        for (var number = 0; number < 10; number++)
            for (var times = 0; times <= number; times++)
                _asked.Keep(new Query(number, []));

        Assert.Equal([9, 8, 7], Hottest(3));
    }

    [Fact]
    public void Hottest_OfWhatCannotBeShared_IsNothing()
    {
        _asked.CountHottest(most: 40);
        _asked.Keep(new Query(1, []) { Key = null });

        Assert.Empty(Hottest(10));
    }

    [Fact]
    public void Hottest_LongTailBetweenThem_FindsTheHotOnes()
    {
        _asked.CountHottest(most: 40);
        var random = new Random(3);
        for (var call = 0; call < 20_000; call++) _asked.Keep(new Query(call % 2 == 0 ? random.Next(5) : 100 + random.Next(10_000), []));

        Assert.Equal([0, 1, 2, 3, 4], Hottest(5).Order());
    }

    [Fact]
    public void Hottest_TrafficMovedOn_FollowsIt()
    {
        _asked.CountHottest(most: 40);
        for (var call = 0; call < 5000; call++) _asked.Keep(new Query(call % 30, []));
        for (var call = 0; call < 20_000; call++) _asked.Keep(new Query(call % 2 == 0 ? 500 : 1000 + call, []));

        Assert.Equal(500, Hottest(1).Single());
    }

    private IEnumerable<int> Hottest(int count) => _asked.Hottest(count).Select(query => ((Query)query).Number);

    private sealed class Query(int number, List<int> run, Action? then = null) : IAskedQuery
    {
        public int Number { get; } = number;

        public object? Key { get; init; } = number;

        public void Run(Generation generation, CancellationToken cancellationToken)
        {
            run.Add(Number);
            then?.Invoke();
        }

        public ValueTask AnswerAnewAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }
}
