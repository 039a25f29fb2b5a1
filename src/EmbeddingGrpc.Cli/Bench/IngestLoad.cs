using System.Diagnostics;
using System.Globalization;
using EmbeddingGrpc.Cli.Simulation;
using EmbeddingGrpc.Client;
using EmbeddingGrpc.Protocol.V1;
using HdrHistogram;

namespace EmbeddingGrpc.Cli.Bench;

/// <summary>Made-up interactions of random users with items of Zipf popularity, streamed as fast as they are taken or at a rate.</summary>
internal sealed record IngestLoad
{
    // What is sent is drawn before the clock starts and sent in a ring, so that drawing costs the measurement nothing.
    private const int RingLength = 1 << 20;

    // With every round users meet other items: the same ones again would teach the daemon nothing, and cost it next to nothing.
    private const int ItemsAheadPerRound = 7919;

    public required int Users { get; init; }

    public required int Items { get; init; }

    public required double ZipfExponent { get; init; }

    public required int BatchSize { get; init; }

    public required int Streams { get; init; }

    public required int BatchesInFlight { get; init; }

    /// <summary>Interactions a second over all streams; 0 is as fast as they are taken.</summary>
    public required int Rate { get; init; }

    public required TimeSpan Duration { get; init; }

    public required ulong Seed { get; init; }

    /// <summary>Runs the load to its end.</summary>
    /// <param name="client">The daemon.</param>
    /// <param name="memory">Looks at its memory; null to leave it.</param>
    /// <param name="progress">Told the fraction done and the interactions per second so far.</param>
    /// <param name="cancellationToken">Ends it without a report.</param>
    public async Task<IngestReport> RunAsync(EmbeddingClient client, MemoryWatch? memory, Action<double, double> progress, CancellationToken cancellationToken)
    {
        var ring = Draw();
        var microseconds = new LongConcurrentHistogram(1, TimeSpan.TicksPerHour / 10, 3);
        var streams = Enumerable.Range(0, Streams).Select(_ => client.OpenEventStream(new EventStreamOptions
        {
            BatchSize = BatchSize,
            BufferCapacity = BatchSize * BatchesInFlight,
        })).ToArray();
        try
        {
            foreach (var stream in streams) await stream.WaitForStartAsync(cancellationToken);
            if (memory is not null) await memory.LookAsync(cancellationToken);
            using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var following = memory?.FollowAsync(over.Token) ?? Task.CompletedTask;
            var sent = new long[Streams];
            var started = Stopwatch.GetTimestamp();
            using var watch = new Timer(
                _ =>
                {
                    var elapsed = Stopwatch.GetElapsedTime(started);
                    progress(Math.Min(1, elapsed / Duration), sent.Sum() / elapsed.TotalSeconds);
                },
                null, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(0.5));
            await Task.WhenAll(streams.Select((stream, i) => Task.Run(() => SendAsync(stream, i, ring, sent, started, microseconds, cancellationToken), cancellationToken)));
            foreach (var stream in streams) await stream.FlushAsync(cancellationToken);
            var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;

            var lag = await AppliedLagAsync(client, streams.Max(stream => stream.LogOffset), cancellationToken);
            foreach (var stream in streams) await stream.CompleteAsync(cancellationToken);
            await over.CancelAsync();
            await following;
            if (memory is not null) await memory.LookAsync(cancellationToken);
            var interactions = sent.Sum();
            return new IngestReport(
                Math.Round(interactions / seconds, 1),
                microseconds.GetValueAtPercentile(50) / 1000.0,
                microseconds.GetValueAtPercentile(99) / 1000.0,
                Math.Round(lag.TotalMilliseconds, 1),
                interactions,
                Math.Round(seconds, 3),
                streams.Sum(stream => stream.RejectedCount),
                Streams,
                BatchSize,
                RssMbStart: memory?.Start,
                RssMbMiddle: memory?.Middle,
                RssMbEnd: memory?.End,
                RssMbPeak: memory?.Peak);
        }
        finally
        {
            foreach (var stream in streams) await stream.DisposeAsync();
        }
    }

    private async Task SendAsync(
        EventStream stream, int index, (string User, string Item)[] ring, long[] sent, long started, LongConcurrentHistogram microseconds, CancellationToken cancellationToken)
    {
        var acknowledgements = new List<Task>();
        var (place, itemPlace) = ((int)((long)index * RingLength / Streams), (int)((long)index * RingLength / Streams));
        var ratePerStream = (double)Rate / Streams;
        while (Stopwatch.GetElapsedTime(started) < Duration)
        {
            if (Rate > 0)
            {
                // The schedule is fixed at the start: a slow daemon gets no easier load.
                var ahead = TimeSpan.FromSeconds(sent[index] / ratePerStream) - Stopwatch.GetElapsedTime(started);
                if (ahead > TimeSpan.Zero) await Task.Delay(ahead, cancellationToken);
            }

            var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
            for (var i = 0; i < BatchSize; i++)
            {
                var (user, item) = (ring[place].User, ring[itemPlace].Item);
                place = (place + 1) & (RingLength - 1);
                itemPlace = (itemPlace + (place == 0 ? 1 + ItemsAheadPerRound : 1)) & (RingLength - 1);
                while (!stream.TrySend(user, item, now, 0, InteractionType.Click)) await stream.WaitForRoomAsync(cancellationToken);
            }

            Volatile.Write(ref sent[index], sent[index] + BatchSize);
            acknowledgements.Add(RecordAsync(stream.FlushAsync(cancellationToken), microseconds));
            if (acknowledgements.Count >= 4 * BatchesInFlight) acknowledgements.RemoveAll(task => task.IsCompletedSuccessfully);
        }

        await Task.WhenAll(acknowledgements);
    }

    private static async Task RecordAsync(Task acknowledged, LongConcurrentHistogram microseconds)
    {
        var sent = Stopwatch.GetTimestamp();
        await acknowledged;
        microseconds.RecordValue(Math.Max(1, (long)Stopwatch.GetElapsedTime(sent).TotalMicroseconds));
    }

    private static async Task<TimeSpan> AppliedLagAsync(EmbeddingClient client, ulong offset, CancellationToken cancellationToken)
    {
        var acknowledged = Stopwatch.GetTimestamp();
        while ((await client.GetModelAsync(cancellationToken: cancellationToken)).AppliedOffset < offset) await Task.Delay(1, cancellationToken);
        return Stopwatch.GetElapsedTime(acknowledged);
    }

    private (string User, string Item)[] Draw()
    {
        var random = new Random(unchecked((int)Seed));
        var popularity = new ZipfSampler(Items, ZipfExponent);
        var ring = new (string, string)[RingLength];
        for (var i = 0; i < ring.Length; i++)
        {
            ring[i] = (Id('u', random.Next(Users)), Id('i', popularity.Draw(random)));
        }

        return ring;
    }

    private static string Id(char kind, int number) => string.Create(CultureInfo.InvariantCulture, $"{kind}{number}");
}
