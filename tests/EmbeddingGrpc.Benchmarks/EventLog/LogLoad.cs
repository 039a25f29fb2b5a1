using System.Diagnostics;
using System.Text.Json;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.EventLog.Files;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmbeddingGrpc.Benchmarks.EventLog;

/// <summary>
/// <c>log-load [--interactions N] [--batch N] [--in-flight N] [--rate N] [--durability Fsync|Os] [--directory PATH]</c>: appends a simulated stream to a log on this disk,
/// opens it again, scans it, and says how fast each was, beside the disk's own fsync time in the same run. The last line is JSON.
/// </summary>
internal static class LogLoad
{
    private const int Users = 1_000_000;
    private const int Items = 1_000_000;

    public static async Task<int> RunAsync(string[] args)
    {
        var arguments = LogLoadArguments.Parse(args);
        var options = new EventLogOptions { Durability = arguments.Durability };
        var directory = Directory.CreateDirectory(Path.Combine(arguments.Directory, $"log-load-{Environment.ProcessId}")).FullName;
        try
        {
            var world = new SimulatedStream(Users, Items, seed: 1);
            await AppendAsync(Path.Combine(directory, "warm-up"), options, world, arguments with { Interactions = 500_000, Rate = 0 });
            var fsync = Percentiles.Of([.. FsyncProbe.Measure(directory).Select(time => time.TotalMilliseconds)]);
            Console.WriteLine($"fsync of the disk: p50 {fsync.P50:F2} ms, p99 {fsync.P99:F2} ms");

            var path = Path.Combine(directory, "log");
            var append = await AppendAsync(path, options, world, arguments);
            Console.WriteLine(
                $"append: {append.PerSecond:N0} interactions/s, {append.CpuNanoseconds:F0} ns of processor time each, "
                + $"acknowledged after p50 {append.Ack.P50:F2} ms, p99 {append.Ack.P99:F2} ms; heap {append.HeapBytes / 1e6:F0} MB");

            var opened = Stopwatch.GetTimestamp();
            await using var log = InteractionLog.Open(path, options, TimeProvider.System, NullLogger.Instance);
            var openMs = Stopwatch.GetElapsedTime(opened).TotalMilliseconds;
            var bytesEach = (double)Directory.GetFiles(path, "*.log").Sum(file => new FileInfo(file).Length) / log.DurableOffset.Value;
            Console.WriteLine($"size: {bytesEach:F1} bytes/interaction; opened again in {openMs:F0} ms");
            var scan = Scan(log);
            Console.WriteLine($"scan: {scan.PerSecond:N0} interactions/s, {scan.CpuNanoseconds:F0} ns of processor time and {scan.AllocatedBytes:F0} bytes allocated for each");
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                interactions = log.DurableOffset.Value,
                batch = arguments.Batch,
                in_flight = arguments.InFlight,
                rate = arguments.Rate,
                durability = arguments.Durability.ToString(),
                fsync_p50_ms = fsync.P50,
                fsync_p99_ms = fsync.P99,
                append_per_second = append.PerSecond,
                append_cpu_ns = append.CpuNanoseconds,
                ack_p50_ms = append.Ack.P50,
                ack_p99_ms = append.Ack.P99,
                heap_bytes = append.HeapBytes,
                bytes_per_interaction = bytesEach,
                open_ms = openMs,
                scan_per_second = scan.PerSecond,
                scan_cpu_ns = scan.CpuNanoseconds,
            }));
            return 0;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task<(double PerSecond, double CpuNanoseconds, Percentiles Ack, long HeapBytes)> AppendAsync(
        string path, EventLogOptions options, SimulatedStream world, LogLoadArguments arguments)
    {
        // Made beforehand, and used again and again with new numbers: the making must not be measured.
        var batches = Enumerable.Range(0, 1000).Select(_ => world.Next(arguments.Batch)).ToArray();
        var rounds = arguments.Interactions / arguments.Batch;
        await using var log = InteractionLog.Open(path, options, TimeProvider.System, NullLogger.Instance);
        using var places = new SemaphoreSlim(arguments.InFlight);
        var acks = new double[rounds];
        var pending = new Queue<Task>();
        var producer = new ProducerId("load", 1);
        var number = 0UL;
        var cpu = Environment.CpuUsage.TotalTime;
        var began = Stopwatch.GetTimestamp();
        for (var round = 0; round < rounds; round++)
        {
            if (arguments.Rate > 0)
            {
                var early = TimeSpan.FromSeconds((double)round * arguments.Batch / arguments.Rate) - Stopwatch.GetElapsedTime(began);
                if (early > TimeSpan.FromMilliseconds(1)) await Task.Delay(early);
            }
            var numbers = new ulong[arguments.Batch];
            for (var i = 0; i < numbers.Length; i++) numbers[i] = ++number;
            await places.WaitAsync();
            var sent = Stopwatch.GetTimestamp();
            pending.Enqueue(AcknowledgeAsync(await log.EnqueueAsync(new AppendBatch(batches[round % batches.Length], producer, numbers, number)), round, sent));
            while (pending.TryPeek(out var oldest) && oldest.IsCompleted) await pending.Dequeue();
        }
        await Task.WhenAll(pending);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var appended = log.DurableOffset.Value;
        return (appended / seconds, (Environment.CpuUsage.TotalTime - cpu).TotalNanoseconds / appended, Percentiles.Of(acks), GC.GetTotalMemory(forceFullCollection: true));

        async Task AcknowledgeAsync(Task<AppendResult> append, int round, long sent)
        {
            await append;
            acks[round] = Stopwatch.GetElapsedTime(sent).TotalMilliseconds;
            places.Release();
        }
    }

    private static (double PerSecond, double CpuNanoseconds, double AllocatedBytes) Scan(InteractionLog log)
    {
        var before = GC.GetTotalAllocatedBytes();
        var cpu = Environment.CpuUsage.TotalTime;
        var began = Stopwatch.GetTimestamp();
        var count = 0L;
        foreach (var entry in log.Scan(default, log.DurableOffset)) count += entry.Interaction.UserId.Length > 0 ? 1 : 0;
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        return (count / seconds, (Environment.CpuUsage.TotalTime - cpu).TotalNanoseconds / count, (GC.GetTotalAllocatedBytes() - before) / (double)count);
    }
}
