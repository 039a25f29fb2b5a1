using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using EmbeddingGrpc.Benchmarks.EventLog;
using EmbeddingGrpc.Client;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.Server.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace EmbeddingGrpc.Benchmarks.Pipeline;

/// <summary>
/// <c>slow-disk-load [--delay-ms N] [--seconds N] [--streams N] [--directory PATH]</c>: a daemon on a disk each of whose fsyncs takes that long, and producers that send as fast
/// as they are let: what is taken, how long an acknowledgement takes, and what the process holds in memory meanwhile. The last line is JSON.
/// </summary>
internal static class SlowDiskLoad
{
    private const int Users = 20_000;
    private const int Items = 20_000;

    public static async Task<int> RunAsync(string[] args)
    {
        var (delayMs, seconds, streams, parent) = (100, 20, 4, Path.GetTempPath());
        foreach (var pair in args.Chunk(2))
        {
            if (pair is ["--delay-ms", var delay]) delayMs = int.Parse(delay, CultureInfo.InvariantCulture);
            else if (pair is ["--seconds", var count]) seconds = int.Parse(count, CultureInfo.InvariantCulture);
            else if (pair is ["--streams", var producers]) streams = int.Parse(producers, CultureInfo.InvariantCulture);
            else if (pair is ["--directory", var path]) parent = path;
            else throw new ArgumentException($"{string.Join(' ', pair)} is none of --delay-ms N, --seconds N, --streams N and --directory PATH.");
        }

        var directory = Directory.CreateDirectory(Path.Combine(parent, $"slow-disk-load-{Environment.ProcessId}")).FullName;
        var disk = new DelayedDisk();
        await using var daemon = DaemonHost.Build(
            ["--GrpcPort=0", "--HttpPort=0", $"--DataDirectory={directory}", "--Logging:LogLevel:Default=Warning"], builder => builder.Services.AddSingleton<IFileSystem>(disk));
        try
        {
            await daemon.StartAsync();
            using var client = new EmbeddingClient(daemon.Services.GetRequiredService<DaemonAddresses>().Grpc.ToString());
            // As it is when everything that is ever made has been made once.
            await SendAsync(client, streams, TimeSpan.FromSeconds(Math.Min(5, seconds)));
            var before = ResidentMegabytes();
            disk.Delay = TimeSpan.FromMilliseconds(delayMs);
            using var over = new CancellationTokenSource();
            var watching = WatchAsync(over.Token);
            var (taken, elapsed, longest) = await SendAsync(client, streams, TimeSpan.FromSeconds(seconds));
            await over.CancelAsync();
            var peak = await watching;
            Console.WriteLine($"fsync {delayMs} ms: {taken / elapsed:N0} interactions/s of {streams} streams; acknowledged after {longest.TotalMilliseconds:N0} ms at most; memory {before:N0} MB before, {peak:N0} MB at most");
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                fsync_ms = delayMs,
                streams,
                interactions = taken,
                interactions_per_second = taken / elapsed,
                ack_max_ms = longest.TotalMilliseconds,
                rss_mb_before = before,
                rss_mb_peak = peak,
            }));
            return 0;
        }
        finally
        {
            disk.Delay = default;
            await daemon.StopAsync();
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task<(long Taken, double Seconds, TimeSpan Longest)> SendAsync(EmbeddingClient client, int streams, TimeSpan duration)
    {
        var began = Stopwatch.GetTimestamp();
        var sent = await Task.WhenAll(Enumerable.Range(0, streams).Select(seed => Task.Run(() => SendOneAsync(client, seed, began, duration))));
        return (sent.Sum(each => each.Taken), Stopwatch.GetElapsedTime(began).TotalSeconds, sent.Max(each => each.Longest));
    }

    private static async Task<(long Taken, TimeSpan Longest)> SendOneAsync(EmbeddingClient client, int seed, long began, TimeSpan duration)
    {
        // The client holds what is not acknowledged, too, and is in this process: little, so that the daemon's part is seen.
        await using var stream = client.OpenEventStream(new EventStreamOptions { BufferCapacity = 100_000 });
        await stream.WaitForStartAsync();
        var world = new SimulatedStream(Users, Items, seed);
        var (taken, longest) = (0L, TimeSpan.Zero);
        while (Stopwatch.GetElapsedTime(began) < duration)
        {
            var at = Stopwatch.GetTimestamp();
            foreach (var interaction in world.Next(20_000))
                await stream.SendAsync(new UserInteraction(interaction.UserId, interaction.ItemId, interaction.EventTimeMs));
            taken += 20_000;
            if (taken % 200_000 != 0) continue;
            await stream.FlushAsync();
            longest = TimeSpan.FromTicks(Math.Max(longest.Ticks, Stopwatch.GetElapsedTime(at).Ticks));
        }

        await stream.CompleteAsync();
        return (taken, longest);
    }

    private static async Task<double> WatchAsync(CancellationToken cancellationToken)
    {
        var peak = ResidentMegabytes();
        while (!cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            peak = Math.Max(peak, ResidentMegabytes());
        }

        return peak;
    }

    private static double ResidentMegabytes() => Environment.WorkingSet / 1e6;
}
