using System.Diagnostics;
using EmbeddingGrpc.Client;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;
using HdrHistogram;

namespace EmbeddingGrpc.Cli.Bench;

/// <summary>
/// Recall calls over several channels: closed (a fixed number in flight) or open (started on schedule, however slow the answers; their latency
/// counts from the schedule, so that a stall is seen by every call that it delayed and not by one alone).
/// </summary>
internal sealed record RecallLoad
{
    /// <summary>Calls in flight of the first half of an open load's warm-up: enough to have both ends compiled, and never more than these at once.</summary>
    public const int FirstInFlight = 8;

    // Beyond this many unanswered calls an open load counts the next ones as failed instead of eating the machine's memory.
    private const int MostUnanswered = 20_000;

    private readonly LongConcurrentHistogram _microseconds = new(1, TimeSpan.TicksPerHour / 10, 3);
    private readonly long[] _sources = new long[4];
    private long _errors;
    private string? _firstError;

    public required RecallQueries Queries { get; init; }

    /// <summary>Calls in flight of a closed load.</summary>
    public required int InFlight { get; init; }

    /// <summary>Calls a second of an open load; 0 is a closed load.</summary>
    public required int Rate { get; init; }

    public required TimeSpan WarmUp { get; init; }

    public required TimeSpan Duration { get; init; }

    public required int Seed { get; init; }

    /// <summary>Runs the load to its end.</summary>
    /// <param name="clients">One channel each, used in turn.</param>
    /// <param name="progress">Told the fraction done and the calls answered per second so far.</param>
    /// <param name="cancellationToken">Ends it without a report.</param>
    public async Task<RecallReport> RunAsync(IReadOnlyList<EmbeddingClient> clients, Action<double, double> progress, CancellationToken cancellationToken)
    {
        await WarmUpAsync(clients, cancellationToken);
        _microseconds.Reset();
        Array.Clear(_sources);
        (_errors, _firstError) = (0, null);

        var started = Stopwatch.GetTimestamp();
        using var watch = new Timer(
            _ => progress(Math.Min(1, Stopwatch.GetElapsedTime(started) / Duration), _microseconds.TotalCount / Stopwatch.GetElapsedTime(started).TotalSeconds),
            null, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(0.5));
        // Other queries than the warm-up's, or the daemon's cache would answer them.
        if (Rate > 0) await OpenAsync(clients, Duration, Seed + FirstInFlight + 1, cancellationToken);
        else await ClosedAsync(clients, Duration, InFlight, Seed + InFlight + 1, cancellationToken);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        return new RecallReport(
            Rate > 0 ? "open" : "closed",
            Math.Round(_microseconds.TotalCount / seconds, 1),
            Percentile(50),
            Percentile(99),
            Percentile(99.9),
            Percentile(100),
            _microseconds.TotalCount,
            _errors,
            _firstError,
            _sources[(int)AnswerSource.Search],
            _sources[(int)AnswerSource.Memory],
            _sources[(int)AnswerSource.Redis],
            Math.Round(seconds, 3));
    }

    private double Percentile(double percentile) => _microseconds.GetValueAtPercentile(percentile) / 1000.0;

    // A program that is still being compiled falls behind an open load's schedule, and what it then starts at once, thousands of calls, is a load of its own: what the daemon has to collect
    // after it would be told as what the rate costs.
    private async Task WarmUpAsync(IReadOnlyList<EmbeddingClient> clients, CancellationToken cancellationToken)
    {
        if (Rate == 0)
        {
            await ClosedAsync(clients, WarmUp, InFlight, Seed, cancellationToken);
            return;
        }

        await ClosedAsync(clients, WarmUp / 2, FirstInFlight, Seed, cancellationToken);
        await OpenAsync(clients, WarmUp / 2, Seed + FirstInFlight, cancellationToken);
    }

    private Task ClosedAsync(IReadOnlyList<EmbeddingClient> clients, TimeSpan duration, int inFlight, int seed, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        return Task.WhenAll(Enumerable.Range(0, inFlight).Select(worker => Task.Run(
            async () =>
            {
                var random = new Random(seed + worker);
                while (Stopwatch.GetElapsedTime(started) < duration)
                {
                    await CallAsync(clients[worker % clients.Count], Queries.Draw(random), Stopwatch.GetTimestamp(), cancellationToken);
                }
            },
            cancellationToken)));
    }

    private async Task OpenAsync(IReadOnlyList<EmbeddingClient> clients, TimeSpan duration, int seed, CancellationToken cancellationToken)
    {
        var random = new Random(seed);
        var unanswered = new CountdownEvent(1);
        await Pace.RunAsync(
            Rate,
            duration,
            (call, due) =>
            {
                if (unanswered.CurrentCount > MostUnanswered)
                {
                    Fail($"{MostUnanswered} calls were unanswered");
                    return;
                }

                unanswered.AddCount();
                // Sent by the pacing thread itself: to wake another costs more than sending.
                _ = AnswerAsync(clients[(int)(call % clients.Count)], Queries.Draw(random), due);
            },
            cancellationToken);

        unanswered.Signal();
        await Task.Run(() => unanswered.Wait(cancellationToken), cancellationToken);
        unanswered.Dispose();

        async Task AnswerAsync(EmbeddingClient client, RecallRequest request, long due)
        {
            try
            {
                await CallAsync(client, request, due, cancellationToken);
            }
            finally
            {
                unanswered.Signal();
            }
        }
    }

    private async Task CallAsync(EmbeddingClient client, RecallRequest request, long due, CancellationToken cancellationToken)
    {
        try
        {
            var response = await client.RecallAsync(request, cancellationToken);
            _microseconds.RecordValue(Math.Max(1, (long)Stopwatch.GetElapsedTime(due).TotalMicroseconds));
            if ((uint)response.Source < (uint)_sources.Length) Interlocked.Increment(ref _sources[(int)response.Source]);
        }
        catch (RpcException e) when (!cancellationToken.IsCancellationRequested)
        {
            Fail($"{e.StatusCode}: {e.Status.Detail}");
        }
    }

    private void Fail(string reason)
    {
        Interlocked.Increment(ref _errors);
        Interlocked.CompareExchange(ref _firstError, reason, null);
    }
}
