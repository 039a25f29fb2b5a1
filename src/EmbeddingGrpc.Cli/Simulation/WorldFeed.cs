using EmbeddingGrpc.Client;

namespace EmbeddingGrpc.Cli.Simulation;

/// <summary>Lets a world happen at a given rate, now, on an event stream.</summary>
/// <param name="world">What happens.</param>
/// <param name="rate">Interactions a second; 0 is as fast as they are taken.</param>
/// <param name="duration">How long; infinite is until cancelled.</param>
/// <param name="time">The clock.</param>
internal sealed class WorldFeed(DriftingWorld world, int rate, TimeSpan duration, TimeProvider time)
{
    /// <summary>Interactions are sent in a bunch this often: at a high rate a timer for each would be all the work.</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    /// <summary>What is held when the end comes must still get to the disk.</summary>
    private static readonly TimeSpan PatienceAtTheEnd = TimeSpan.FromSeconds(10);

    /// <summary>Runs until the time is over or it is cancelled: both are a good end.</summary>
    /// <exception cref="EventStreamException">The daemon refused the stream.</exception>
    public async Task<FeedSummary> RunAsync(EmbeddingClient client, Action<double?, string> progress, CancellationToken cancellationToken)
    {
        await using var stream = client.OpenEventStream();
        await stream.WaitForStartAsync(cancellationToken);
        var began = time.GetTimestamp();
        long sent = 0;
        try
        {
            while (true)
            {
                var elapsed = time.GetElapsedTime(began);
                if (duration != Timeout.InfiniteTimeSpan && elapsed >= duration) break;
                // The first of a second is due at its beginning, so that a slow rate begins at once.
                var due = rate == 0 ? sent + 4096 : (long)(elapsed.TotalSeconds * rate) + 1;
                var now = time.GetUtcNow().ToUnixTimeMilliseconds();
                for (; sent < due; sent++)
                {
                    var next = world.Next();
                    await stream.SendAsync(new UserInteraction(next.UserId, next.ItemId, now) { Type = next.Type }, cancellationToken);
                }
                double? fraction = duration == Timeout.InfiniteTimeSpan ? null : elapsed / duration;
                progress(fraction, $"{sent:N0} interactions, {stream.PendingCount:N0} not acknowledged");
                if (rate > 0) await Task.Delay(Tick, time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // For as long as told: until now.
        }
        using var patience = new CancellationTokenSource(PatienceAtTheEnd, time);
        await stream.CompleteAsync(patience.Token);
        return new FeedSummary(sent, world.NewItems, time.GetElapsedTime(began).TotalSeconds);
    }
}
