using System.Diagnostics;
using System.Globalization;
using EmbeddingGrpc.Client;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Bench.Freshness;

/// <summary>
/// Streams interactions at a rate, new items among them, and measures how long it takes until an item and a user's interaction can be seen in recalls.
/// Once; an instance keeps what it measured.
/// </summary>
internal sealed class FreshnessLoad
{
    private const int Users = 100_000;
    private const int Near = 50;
    private const int TicksPerSecond = 100;
    private const int UnrelatedLists = 200;
    private const int MeasuredItemsPerSecond = 25;
    private const int MeasuredUsersPerSecond = 20;
    private const int MostAskedAtOnce = 1000;

    private readonly LatencyRecord _recalls = new();

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
        var (looks, looking) = (new FreshnessLooks(client, Near), new List<Task>());
        var recalls = Task.Run(() => RecallAsync(client, world, looks, cancellationToken), cancellationToken);
        var newItems = await SendAsync(world, stream, started, looks, looking, progress, cancellationToken);
        await stream.FlushAsync(cancellationToken);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var sent = stream.LastNumber;
        await Task.WhenAll([.. looking, recalls]);
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
            looks.NewItems.Count,
            looks.Missed,
            looks.NewItems.Percentile(50),
            looks.NewItems.Percentile(99),
            looks.Users.Count,
            looks.Users.Percentile(50),
            looks.Users.Percentile(99),
            _recalls.Count,
            _recalls.Percentile(50),
            _recalls.Percentile(99),
            Math.Round(catalogue, 6),
            Math.Round(unrelated, 6),
            catalogue > 0 ? Math.Round(unrelated / catalogue, 3) : 0,
            memory?.Start,
            memory?.End,
            memory?.Peak,
            looks.MissedIds,
            looks.Refused);
    }

    /// <summary>Keeps to the schedule in ticks of ten milliseconds. Returns the number of new items.</summary>
    private async Task<long> SendAsync(
        FreshnessWorld world, EventStream stream, long started, FreshnessLooks looks, List<Task> looking, Action<double> progress, CancellationToken cancellationToken)
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
                if (isMeasured) looking.Add(looks.LookForItemAsync(stream, id, contexts, cancellationToken));
            }

            for (var due = tick * MeasuredUsersPerSecond / TicksPerSecond; measuredUsers < due; measuredUsers++)
            {
                if (tick <= measuredFrom) continue;
                var user = world.NewUserOf("fresh", measuredUsers);
                await SendAsync(stream, user, FreshnessWorld.IdOf(random.Next(world.Items)), cancellationToken);
                sent++;
                looking.Add(looks.LookForUserAsync(stream, user, cancellationToken));
            }

            for (var due = tick * Rate / TicksPerSecond; sent < due; sent++)
            {
                var user = random.Next(Users);
                var item = world.ItemOf(user % world.Topics, random);
                await SendAsync(stream, string.Create(CultureInfo.InvariantCulture, $"u{user}"), FreshnessWorld.IdOf(item), cancellationToken);
            }

            looking.RemoveAll(look => look.IsCompletedSuccessfully);
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

    private async Task RecallAsync(EmbeddingClient client, FreshnessWorld world, FreshnessLooks looks, CancellationToken cancellationToken)
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
            if (await looks.UnlessRefusedAsync(client.RecallSimilarAsync(FreshnessWorld.IdOf(random.Next(world.Items)), Near, cancellationToken)) is null) return;
            if (isMeasured) _recalls.Record(Stopwatch.GetElapsedTime(due));
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
}
