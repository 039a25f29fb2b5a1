using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.EventLog.Files;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmbeddingGrpc.Benchmarks.EventLog;

/// <summary>
/// <c>log-load [interactions] [batch] [in flight] [Fsync|Os] [directory]</c>: appends a simulated stream to a log on this disk, scans it, opens it again, and says how
/// fast each was, beside the disk's own fsync time in the same run. The last line is JSON.
/// </summary>
internal static class LogLoad
{
    private const int Users = 1_000_000;
    private const int Items = 1_000_000;

    public static async Task<int> RunAsync(string[] args)
    {
        var interactions = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 3_000_000;
        var batchSize = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 500;
        var inFlight = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 256;
        var options = new EventLogOptions { Durability = args.Length > 3 ? Enum.Parse<Durability>(args[3], ignoreCase: true) : Durability.Fsync };
        var directory = Directory.CreateDirectory(Path.Combine(args.Length > 4 ? args[4] : Path.GetTempPath(), $"log-load-{Environment.ProcessId}")).FullName;
        try
        {
            var fsync = MeasureFsync(directory, groupBytes: 64 * 1024);
            Console.WriteLine($"fsync of 64 KiB: p50 {fsync.P50:F2} ms, p99 {fsync.P99:F2} ms");
            var world = new SimulatedStream(Users, Items, seed: 1);
            await AppendAsync(Path.Combine(directory, "warm-up"), options, world, Math.Min(interactions, 500_000), batchSize, inFlight);

            var path = Path.Combine(directory, "log");
            var append = await AppendAsync(path, options, world, interactions, batchSize, inFlight);
            Console.WriteLine($"append: {append.PerSecond:N0} interactions/s, acknowledged after p50 {append.Ack.P50:F2} ms, p99 {append.Ack.P99:F2} ms");
            var bytes = Directory.GetFiles(path, "*.log").Sum(file => new FileInfo(file).Length);
            Console.WriteLine($"size: {(double)bytes / interactions:F1} bytes/interaction, {append.AllocatedBytes / (double)interactions:F0} bytes allocated for each");

            var opened = Stopwatch.GetTimestamp();
            await using var log = InteractionLog.Open(path, options, TimeProvider.System, NullLogger.Instance);
            var openMs = Stopwatch.GetElapsedTime(opened).TotalMilliseconds;
            Console.WriteLine($"open: {openMs:F0} ms");
            var scan = Scan(log);
            Console.WriteLine($"scan: {scan.PerSecond:N0} interactions/s, {scan.AllocatedBytes / (double)interactions:F0} bytes allocated for each");
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                interactions,
                batch = batchSize,
                in_flight = inFlight,
                fsync_p50_ms = fsync.P50,
                fsync_p99_ms = fsync.P99,
                append_per_second = append.PerSecond,
                ack_p50_ms = append.Ack.P50,
                ack_p99_ms = append.Ack.P99,
                bytes_per_interaction = (double)bytes / interactions,
                open_ms = openMs,
                scan_per_second = scan.PerSecond,
                gc_collections = GC.CollectionCount(2),
                peak_working_set_bytes = Environment.WorkingSet,
            }));
            return 0;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task<(double PerSecond, Percentiles Ack, long AllocatedBytes)> AppendAsync(
        string path, EventLogOptions options, SimulatedStream world, int interactions, int batchSize, int inFlight)
    {
        await using var log = InteractionLog.Open(path, options, TimeProvider.System, NullLogger.Instance);
        var acks = new List<double>(interactions / batchSize);
        using var places = new SemaphoreSlim(inFlight);
        var pending = new Queue<Task>();
        var allocated = 0L;
        var number = 0UL;
        var producer = new ProducerId("load", 1);
        var began = Stopwatch.GetTimestamp();
        for (var done = 0; done < interactions; done += batchSize)
        {
            var batch = world.Next(Math.Min(batchSize, interactions - done));
            var numbers = new ulong[batch.Length];
            for (var i = 0; i < numbers.Length; i++) numbers[i] = ++number;

            await places.WaitAsync();
            var before = GC.GetTotalAllocatedBytes();
            pending.Enqueue(AcknowledgeAsync(await log.EnqueueAsync(new AppendBatch(batch, producer, numbers, number)), Stopwatch.GetTimestamp()));
            allocated += GC.GetTotalAllocatedBytes() - before;
            while (pending.TryPeek(out var oldest) && oldest.IsCompleted) await pending.Dequeue();
        }
        await Task.WhenAll(pending);
        return (interactions / Stopwatch.GetElapsedTime(began).TotalSeconds, Percentiles.Of(acks), allocated);

        async Task AcknowledgeAsync(Task<AppendResult> append, long sent)
        {
            await append;
            lock (acks) acks.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
            places.Release();
        }
    }

    private static (double PerSecond, long AllocatedBytes) Scan(InteractionLog log)
    {
        var before = GC.GetTotalAllocatedBytes();
        var began = Stopwatch.GetTimestamp();
        var count = 0L;
        foreach (var entry in log.Scan(default, log.DurableOffset)) count += entry.Interaction.UserId.Length > 0 ? 1 : 0;
        return (count / Stopwatch.GetElapsedTime(began).TotalSeconds, GC.GetTotalAllocatedBytes() - before);
    }

    private static Percentiles MeasureFsync(string directory, int groupBytes)
    {
        using var file = DiskFileSystem.Instance.Open(Path.Combine(directory, "fsync"), FileOpenMode.Create);
        var bytes = new byte[groupBytes];
        var times = new List<double>();
        for (var i = 0; i < 100; i++)
        {
            Random.Shared.NextBytes(bytes);
            file.Write((long)i * groupBytes, bytes);
            var began = Stopwatch.GetTimestamp();
            file.Sync();
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
        return Percentiles.Of(times);
    }
}
