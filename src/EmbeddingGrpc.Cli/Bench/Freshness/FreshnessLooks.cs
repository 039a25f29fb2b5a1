using System.Collections.Concurrent;
using System.Diagnostics;
using EmbeddingGrpc.Client;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.Cli.Bench.Freshness;

/// <summary>Looks for what was sent until recalls show it. Any number at a time.</summary>
/// <param name="client">The daemon.</param>
/// <param name="near">Items of a list that are looked through.</param>
internal sealed class FreshnessLooks(EmbeddingClient client, int near)
{
    /// <summary>An item that cannot be recalled after this is missed.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(100);

    // Of items, all together. Who looks must not be the load: looking without measure took a core of two as soon as items were late, and made them later.
    private const int MostLooksPerSecond = 250;

    private const int MostMissedNamed = 20;

    private readonly ConcurrentQueue<string> _missed = new();
    private int _looking;
    private long _refused;

    /// <summary>From when an item's interactions were on disk until it was found.</summary>
    public LatencyRecord NewItems { get; } = new();

    /// <summary>The same of users' interactions.</summary>
    public LatencyRecord Users { get; } = new();

    /// <summary>Items that were not found.</summary>
    public long Missed => _missed.Count;

    /// <summary>Some of them.</summary>
    public IReadOnlyList<string> MissedIds => [.. _missed.Take(MostMissedNamed)];

    /// <summary>Recalls that the daemon had too much to do for.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Asks what is near a new item's contexts until it is among that.</summary>
    public async Task LookForItemAsync(EventStream stream, string id, string[] contexts, CancellationToken cancellationToken)
    {
        await stream.FlushAsync(cancellationToken);
        var durable = Stopwatch.GetTimestamp();
        Interlocked.Increment(ref _looking);
        for (var look = 0; ; look++)
        {
            var answer = await UnlessRefusedAsync(client.RecallSimilarAsync(contexts[look % contexts.Length], near, cancellationToken));
            var elapsed = Stopwatch.GetElapsedTime(durable);
            if (answer?.Candidates.Any(candidate => candidate.ItemId == id) == true || elapsed > Patience)
            {
                Interlocked.Decrement(ref _looking);
                if (elapsed > Patience) _missed.Enqueue(id);
                NewItems.Record(elapsed);
                return;
            }

            await PauseAsync(elapsed, TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds((double)Volatile.Read(ref _looking) / MostLooksPerSecond), cancellationToken);
        }
    }

    /// <summary>An answer, or null where the daemon had too much to do and said so.</summary>
    public async Task<RecallResponse?> UnlessRefusedAsync(Task<RecallResponse> recall)
    {
        try
        {
            return await recall;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.ResourceExhausted)
        {
            Interlocked.Increment(ref _refused);
            return null;
        }
    }

    /// <summary>Asks for a user until the answer knows what the user did.</summary>
    public async Task LookForUserAsync(EventStream stream, string user, CancellationToken cancellationToken)
    {
        await stream.FlushAsync(cancellationToken);
        var durable = Stopwatch.GetTimestamp();
        while (true)
        {
            var answer = await UnlessRefusedAsync(client.RecallForUserAsync(user, cancellationToken: cancellationToken));
            var elapsed = Stopwatch.GetElapsedTime(durable);
            // A user without a history is answered by popularity.
            if (answer is { Basis: not RecallBasis.Popular } || elapsed > Patience)
            {
                Users.Record(elapsed);
                return;
            }

            await PauseAsync(elapsed, TimeSpan.FromMilliseconds(2), TimeSpan.Zero, cancellationToken);
        }
    }

    /// <summary>Rarer as it goes on, a tenth of what was waited at most unless many wait: what is late counts as later than it is, by no more than that.</summary>
    private static Task PauseAsync(TimeSpan waited, TimeSpan shortest, TimeSpan share, CancellationToken cancellationToken)
    {
        var pause = Math.Max(Math.Clamp(waited.TotalMilliseconds / 10, shortest.TotalMilliseconds, LongestPause.TotalMilliseconds), share.TotalMilliseconds);
        return Task.Delay(TimeSpan.FromMilliseconds(pause), cancellationToken);
    }
}
