using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Client;
using EmbeddingGrpc.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;
using HdrHistogram;

namespace EmbeddingGrpc.Cli.Bench.Freshness;

/// <summary>
/// Streams interactions at a rate, new items among them, and measures how long it takes until an item and a user's interaction can be seen in recalls.
/// Once; an instance keeps what it measured.
/// </summary>
internal sealed class FreshnessLoad
{
    /// <summary>An item that cannot be recalled after this is missed.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private const int Users = 100_000;
    private const int Near = 50;
    private const int TicksPerSecond = 100;
    private const int UnrelatedLists = 200;
    private const int MeasuredItemsPerSecond = 25;
    private const int MeasuredUsersPerSecond = 20;
    private const int MostAskedAtOnce = 1000;
    private const int MostMissedNamed = 20;

    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(100);

    // Of items, all together. Who looks must not be the load: looking without measure took a core of two as soon as items were late, and made them later.
    private const int MostLooksPerSecond = 250;

    private readonly LongConcurrentHistogram _newItems = Histogram();
    private readonly LongConcurrentHistogram _users = Histogram();
    private readonly LongConcurrentHistogram _recalls = Histogram();
    private readonly ConcurrentQueue<string> _missed = new();
    private int _looking;
    private long _refused;

    public required int Items { get; init; }

    public required int Dimension { get; init; }

    /// <summary>Interactions a second.</summary>
    public required int Rate { get; init; }

    /// <summary>New items a second.</summary>
    public required int NewItems { get; init; }

    /// <summary>Recalls a second beside all that.</summary>
    public required int RecallRate { get; init; }

    public required TimeSpan Duration { get; init; }

    /// <summary>How long the same load goes on before that without being measured: a daemon compiles what is hot in its first seconds.</summary>
    public required TimeSpan WarmUp { get; init; }

    public required int Seed { get; init; }

    public required string Model { get; init; }

    /// <summary>Imports the model.</summary>
    /// <param name="client">The daemon.</param>
    /// <param name="world">Its items.</param>
    /// <param name="progress">Told the fraction sent.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How long it took until it served.</returns>
    public async Task<TimeSpan> ImportAsync(EmbeddingClient client, FreshnessWorld world, Action<double> progress, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        using var call = client.Models.ImportVectors(cancellationToken: cancellationToken);
        try
        {
            var start = new ImportVectorsStart { Model = Model, Format = VectorFormat.Word2VecBinary };
            await call.RequestStream.WriteAsync(new ImportVectorsRequest { Start = start }, cancellationToken);
            var sent = 0L;
            var total = (double)Items * Dimension * sizeof(float);
            foreach (var piece in world.Word2vec())
            {
                await call.RequestStream.WriteAsync(new ImportVectorsRequest { Input = UnsafeByteOperations.UnsafeWrap(piece) }, cancellationToken);
                progress(Math.Min(1, (sent += piece.Length) / total));
            }

            await call.RequestStream.CompleteAsync();
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException)
        {
            // The daemon has refused before the end: why it says in the call's status, which the response throws.
            await call.ResponseAsync;
            throw;
        }

        await call.ResponseAsync;
        return Stopwatch.GetElapsedTime(started);
    }

    /// <summary>Looks whether the model serves the world's vectors.</summary>
    /// <param name="client">The daemon.</param>
    /// <param name="world">The world.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="CommandFailedException">It does not.</exception>
    public async Task RequireImportedAsync(EmbeddingClient client, FreshnessWorld world, CancellationToken cancellationToken)
    {
        var last = FreshnessWorld.IdOf(Items - 1);
        var found = await client.GetEmbeddingsAsync([last], EmbeddingTable.Input, cancellationToken);
        var wanted = world.VectorOf(Items - 1);
        if (found.Embeddings.Count == 1 && found.Embeddings[0].Values.SequenceEqual(wanted)) return;
        throw CommandFailedException.Usage(
            $"--reuse: the model does not serve {Items:N0} items x {Dimension} of seed {Seed} (it {(found.Embeddings.Count == 0 ? "does not know" : "has another vector of")} '{last}'). "
            + "Run once without --reuse.");
    }

    /// <summary>Runs the load to its end.</summary>
    /// <param name="client">The daemon.</param>
    /// <param name="world">The items that it has.</param>
    /// <param name="import">How long importing them took; zero where they were there.</param>
    /// <param name="memory">Watches the daemon's memory; null where it cannot be seen.</param>
    /// <param name="progress">Told the fraction done.</param>
    /// <param name="cancellationToken">Ends it without a report.</param>
    public async Task<FreshnessReport> RunAsync(
        EmbeddingClient client, FreshnessWorld world, TimeSpan import, MemoryWatch? memory, Action<double> progress, CancellationToken cancellationToken)
    {
        await using var stream = client.OpenEventStream(new EventStreamOptions { Linger = TimeSpan.FromMilliseconds(5), BufferCapacity = Math.Max(10_000, Rate) });
        await stream.WaitForStartAsync(cancellationToken);
        if (memory is not null) await memory.LookAsync(cancellationToken);
        using var watched = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watching = memory?.FollowAsync(watched.Token) ?? Task.CompletedTask;
        var started = Stopwatch.GetTimestamp();
        var looks = new List<Task>();
        var recalls = Task.Run(() => RecallAsync(client, world, cancellationToken), cancellationToken);
        var newItems = await SendAsync(client, world, stream, started, looks, progress, cancellationToken);
        await stream.FlushAsync(cancellationToken);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var sent = stream.LastNumber;
        await Task.WhenAll([.. looks, recalls]);
        await stream.CompleteAsync(cancellationToken);

        await watched.CancelAsync();
        await watching;
        if (memory is not null) await memory.LookAsync(cancellationToken);
        var (catalogue, unrelated) = await ColdSharesAsync(client, world, newItems, cancellationToken);
        return new FreshnessReport(
            Items,
            Dimension,
            Rate,
            NewItems,
            WarmUp.TotalSeconds,
            Math.Round(seconds, 3),
            Math.Round(import.TotalSeconds, 3),
            Math.Round(sent / seconds, 1),
            newItems,
            _newItems.TotalCount,
            _missed.Count,
            Percentile(_newItems, 50),
            Percentile(_newItems, 99),
            _users.TotalCount,
            Percentile(_users, 50),
            Percentile(_users, 99),
            _recalls.TotalCount,
            Percentile(_recalls, 50),
            Percentile(_recalls, 99),
            Math.Round(catalogue, 6),
            Math.Round(unrelated, 6),
            catalogue > 0 ? Math.Round(unrelated / catalogue, 3) : 0,
            memory?.Start,
            memory?.End,
            memory?.Peak,
            [.. _missed.Take(MostMissedNamed)],
            _refused);
    }

    /// <summary>Keeps to the schedule in ticks of ten milliseconds. Returns the number of new items.</summary>
    private async Task<long> SendAsync(
        EmbeddingClient client, FreshnessWorld world, EventStream stream, long started, List<Task> looks, Action<double> progress, CancellationToken cancellationToken)
    {
        var random = new Random(Seed);
        long sent = 0, items = 0, measuredItems = 0, measuredUsers = 0;
        var ticks = (long)((WarmUp + Duration).TotalSeconds * TicksPerSecond);
        var measuredFrom = (long)(WarmUp.TotalSeconds * TicksPerSecond);
        for (var tick = 1L; tick <= ticks; tick++)
        {
            var ahead = TimeSpan.FromSeconds((double)tick / TicksPerSecond) - Stopwatch.GetElapsedTime(started);
            if (ahead > TimeSpan.Zero) await Task.Delay(ahead, cancellationToken);
            for (var due = tick * NewItems / TicksPerSecond; items < due; items++)
            {
                // Spread evenly over the new items; those of the warm-up count as passed over.
                var isDue = items * MeasuredItemsPerSecond / Math.Max(1, NewItems) >= measuredItems;
                if (isDue) measuredItems++;
                var isMeasured = isDue && tick > measuredFrom;
                var (id, contexts) = await SendNewItemAsync(world, stream, items, random, cancellationToken);
                sent += 9;
                if (isMeasured) looks.Add(LookForItemAsync(client, stream, id, contexts, cancellationToken));
            }

            for (var due = tick * MeasuredUsersPerSecond / TicksPerSecond; measuredUsers < due; measuredUsers++)
            {
                if (tick <= measuredFrom) continue;
                var user = world.NewUserOf("fresh", measuredUsers);
                await SendAsync(stream, user, FreshnessWorld.IdOf(random.Next(world.Items)), cancellationToken);
                sent++;
                looks.Add(LookForUserAsync(client, stream, user, cancellationToken));
            }

            for (var due = tick * Rate / TicksPerSecond; sent < due; sent++)
            {
                var user = random.Next(Users);
                var item = world.ItemOf(user % world.Topics, random);
                await SendAsync(stream, string.Create(CultureInfo.InvariantCulture, $"u{user}"), FreshnessWorld.IdOf(item), cancellationToken);
            }

            looks.RemoveAll(look => look.IsCompletedSuccessfully);
            progress((double)tick / ticks);
        }

        return items;
    }

    /// <summary>Three visitors come to a new item, each from two others of its topic.</summary>
    private static async Task<(string Id, string[] Contexts)> SendNewItemAsync(
        FreshnessWorld world, EventStream stream, long item, Random random, CancellationToken cancellationToken)
    {
        var topic = world.BusyTopic(random);
        var id = world.NewIdOf(item);
        var contexts = new List<string>();
        for (var visitor = 0; visitor < 3; visitor++)
        {
            var user = world.NewUserOf("visitor", (3 * item) + visitor);
            for (var step = 0; step < 2; step++)
            {
                contexts.Add(FreshnessWorld.IdOf(world.ItemOf(topic, random)));
                await SendAsync(stream, user, contexts[^1], cancellationToken);
            }

            await SendAsync(stream, user, id, cancellationToken);
        }

        return (id, [.. contexts]);
    }

    private static async ValueTask SendAsync(EventStream stream, string user, string item, CancellationToken cancellationToken) =>
        await stream.SendAsync(new UserInteraction(user, item, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()) { Type = InteractionType.Click }, cancellationToken);

    private async Task LookForItemAsync(EmbeddingClient client, EventStream stream, string id, string[] contexts, CancellationToken cancellationToken)
    {
        await stream.FlushAsync(cancellationToken);
        var durable = Stopwatch.GetTimestamp();
        Interlocked.Increment(ref _looking);
        for (var look = 0; ; look++)
        {
            var answer = await UnlessRefusedAsync(client.RecallSimilarAsync(contexts[look % contexts.Length], Near, cancellationToken));
            var elapsed = Stopwatch.GetElapsedTime(durable);
            if (answer?.Candidates.Any(candidate => candidate.ItemId == id) == true || elapsed > Patience)
            {
                Interlocked.Decrement(ref _looking);
                if (elapsed > Patience) _missed.Enqueue(id);
                Record(_newItems, elapsed);
                return;
            }

            await PauseAsync(elapsed, TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds((double)Volatile.Read(ref _looking) / MostLooksPerSecond), cancellationToken);
        }
    }

    /// <summary>Rarer as it goes on, a tenth of what was waited at most unless many wait: what is late counts as later than it is, by no more than that.</summary>
    private static Task PauseAsync(TimeSpan waited, TimeSpan shortest, TimeSpan share, CancellationToken cancellationToken)
    {
        var pause = Math.Max(Math.Clamp(waited.TotalMilliseconds / 10, shortest.TotalMilliseconds, LongestPause.TotalMilliseconds), share.TotalMilliseconds);
        return Task.Delay(TimeSpan.FromMilliseconds(pause), cancellationToken);
    }

    /// <summary>An answer, or null where the daemon had too much to do and said so.</summary>
    private async Task<RecallResponse?> UnlessRefusedAsync(Task<RecallResponse> recall)
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

    private async Task LookForUserAsync(EmbeddingClient client, EventStream stream, string user, CancellationToken cancellationToken)
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
                Record(_users, elapsed);
                return;
            }

            await PauseAsync(elapsed, TimeSpan.FromMilliseconds(2), TimeSpan.Zero, cancellationToken);
        }
    }

    private async Task RecallAsync(EmbeddingClient client, FreshnessWorld world, CancellationToken cancellationToken)
    {
        if (RecallRate == 0) return;
        var random = new Random(Seed + 1);
        var calls = new List<Task>();
        await Pace.RunAsync(
            RecallRate,
            WarmUp + Duration,
            (call, due) =>
            {
                calls.Add(CallAsync(due, isMeasured: call >= WarmUp.TotalSeconds * RecallRate));
                calls.RemoveAll(asked => asked.IsCompletedSuccessfully);
            },
            cancellationToken);
        await Task.WhenAll(calls);

        async Task CallAsync(long due, bool isMeasured)
        {
            if (await UnlessRefusedAsync(client.RecallSimilarAsync(FreshnessWorld.IdOf(random.Next(world.Items)), Near, cancellationToken)) is null) return;
            if (isMeasured) Record(_recalls, Stopwatch.GetElapsedTime(due));
        }
    }

    private async Task<(double Catalogue, double Unrelated)> ColdSharesAsync(
        EmbeddingClient client, FreshnessWorld world, long newItems, CancellationToken cancellationToken)
    {
        var known = 0L;
        for (var first = 0L; first < newItems; first += MostAskedAtOnce)
        {
            var ids = Enumerable.Range(0, (int)Math.Min(MostAskedAtOnce, newItems - first)).Select(item => world.NewIdOf(first + item));
            known += (await client.GetEmbeddingsAsync(ids, cancellationToken: cancellationToken)).Embeddings.Count;
        }

        var random = new Random(Seed + 2);
        long cold = 0, all = 0;
        for (var list = 0; list < UnrelatedLists; list++)
        {
            var answer = await client.RecallSimilarAsync(FreshnessWorld.IdOf(world.ItemOf(world.QuietTopic(random), random)), Near, cancellationToken);
            cold += answer.Candidates.Count(candidate => FreshnessWorld.IsNew(candidate.ItemId));
            all += answer.Candidates.Count;
        }

        return ((double)known / (world.Items + known), all == 0 ? 0 : (double)cold / all);
    }

    private static LongConcurrentHistogram Histogram() => new(1, TimeSpan.TicksPerHour / 10, 3);

    private static void Record(LongConcurrentHistogram histogram, TimeSpan elapsed) => histogram.RecordValue(Math.Max(1, (long)elapsed.TotalMicroseconds));

    private static double Percentile(LongConcurrentHistogram histogram, double percentile) =>
        histogram.TotalCount == 0 ? 0 : histogram.GetValueAtPercentile(percentile) / 1000.0;
}
