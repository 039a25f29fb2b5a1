using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Tests.Models;

public sealed class RecentQueriesTests : IDisposable
{
    private readonly Generation _generation = new(TestGenerations.Parts(index: (vectors, metric) => new ExactIndex(vectors, metric)), new ItemKeys());
    private readonly RecentQueries _recent = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _generation.Release();

    [Fact]
    public void Replay_NothingAsked_AsksNothing() => Assert.Equal(0, _recent.Replay(_generation, Cancellation));

    [Fact]
    public void Replay_MoreThanAreKept_AsksTheNewestOnceEach()
    {
        var asked = new List<int>();
        var sampled = new List<int>();
        for (var number = 0; number < 10_000; number++)
        {
            if (!_recent.IsSampled()) continue;
            sampled.Add(number);
            _recent.Keep(new Query(number, asked));
        }

        var count = _recent.Replay(_generation, Cancellation);

        Assert.InRange(sampled.Count, 312, 313);
        Assert.Equal(128, count);
        Assert.Equal(sampled.TakeLast(128), asked.Order());
    }

    [Fact]
    public void Replay_Cancelled_StopsBetweenQuestions()
    {
        using var stop = new CancellationTokenSource();
        var asked = new List<int>();
        for (var number = 0; number < 1000; number++)
            if (_recent.IsSampled()) _recent.Keep(new Query(number, asked, stop.Cancel));

        Assert.Throws<OperationCanceledException>(() => _recent.Replay(_generation, stop.Token));
        Assert.Single(asked);
    }

    private sealed class Query(int number, List<int> asked, Action? then = null) : IWarmUpQuery
    {
        public void Run(Generation generation, CancellationToken cancellationToken)
        {
            asked.Add(number);
            then?.Invoke();
        }
    }
}
