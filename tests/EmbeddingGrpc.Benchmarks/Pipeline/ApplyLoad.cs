using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using EmbeddingGrpc.Benchmarks.EventLog;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Checkpoints;
using EmbeddingGrpc.Server.Pipeline.Graph;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmbeddingGrpc.Benchmarks.Pipeline;

/// <summary>
/// <c>apply-load [--interactions N] [--users N] [--items N] [--directory PATH]</c>: writes a simulated stream to a log, applies it to histories, counters and the item graph, writes a
/// checkpoint, and starts from it again. Few users have long histories, and few items full lists of connections: that is what applying comes to in the long run.
/// The last line is JSON.
/// </summary>
internal static class ApplyLoad
{
    private const int Batch = 500;

    public static async Task<int> RunAsync(string[] args)
    {
        var (interactions, users, items, parent) = (10_000_000, 1_000_000, 1_000_000, Path.GetTempPath());
        foreach (var pair in args.Chunk(2))
        {
            if (pair is ["--interactions", var count]) interactions = int.Parse(count, CultureInfo.InvariantCulture);
            else if (pair is ["--users", var most]) users = int.Parse(most, CultureInfo.InvariantCulture);
            else if (pair is ["--items", var different]) items = int.Parse(different, CultureInfo.InvariantCulture);
            else if (pair is ["--directory", var path]) parent = path;
            else throw new ArgumentException($"{string.Join(' ', pair)} is none of --interactions N, --users N, --items N and --directory PATH.");
        }

        var directory = Directory.CreateDirectory(Path.Combine(parent, $"apply-load-{Environment.ProcessId}")).FullName;
        try
        {
            await using var log = InteractionLog.Open(Path.Combine(directory, "log"), new EventLogOptions { Durability = Durability.Os }, TimeProvider.System, NullLogger.Instance);
            await FillAsync(log, new SimulatedStream(users, items, seed: 1), interactions);
            var state = NewState();
            var applySeconds = await ApplyAsync(log, state, default);
            Console.WriteLine($"apply: {interactions / applySeconds:N0} interactions/s; {state.SizeBytes / 1e6:F0} MB of {state.Histories.UserCount:N0} users and {state.Items.Count:N0} items");

            var store = new CheckpointStore(Path.Combine(directory, "checkpoints"), DiskFileSystem.Instance, NullLogger.Instance);
            var began = Stopwatch.GetTimestamp();
            store.Write(state, () => log.DurableOffset, CancellationToken.None);
            var writeSeconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            var bytes = new DirectoryInfo(Path.Combine(directory, "checkpoints")).GetFiles().Sum(file => file.Length);
            Console.WriteLine($"checkpoint: {bytes / 1e6:F0} MB written in {writeSeconds:F2} s");

            await FillAsync(log, new SimulatedStream(users, items, seed: 1), interactions / 10);
            // A start finds no other state beside it.
            var stateBytes = state.SizeBytes;
            state.Histories.Dispose();
            state.Graph.Dispose();
            state = NewState();
            GC.Collect();
            began = Stopwatch.GetTimestamp();
            var restored = store.Restore(NewState, log.DurableOffset, out var start);
            var restoreSeconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            var replaySeconds = await ApplyAsync(log, restored, start);
            Console.WriteLine($"start: restored in {restoreSeconds:F2} s, {log.DurableOffset.Value - start.Value:N0} interactions replayed in {replaySeconds:F2} s");
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                interactions,
                users,
                items,
                apply_per_second = interactions / applySeconds,
                state_bytes = stateBytes,
                checkpoint_bytes = bytes,
                checkpoint_write_s = writeSeconds,
                restore_s = restoreSeconds,
                replayed = log.DurableOffset.Value - start.Value,
                replay_s = replaySeconds,
            }));
            return 0;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static AppliedState NewState()
    {
        var graph = new ItemGraph(new ItemGraphOptions());
        return new AppliedState(new ItemKeys(), new UserHistories(), new ItemCounters(TimeSpan.FromDays(7))) { Graph = graph, Parts = [new ItemGraphPart(graph)] };
    }

    private static async Task FillAsync(InteractionLog log, SimulatedStream world, int interactions)
    {
        var pending = new Queue<Task>();
        for (var sent = 0; sent < interactions; sent += Batch)
        {
            pending.Enqueue(await log.EnqueueAsync(new AppendBatch(world.Next(Batch))));
            while (pending.TryPeek(out var oldest) && oldest.IsCompleted) await pending.Dequeue();
        }

        await Task.WhenAll(pending);
    }

    private static async Task<double> ApplyAsync(InteractionLog log, AppliedState state, LogOffset from)
    {
        var began = Stopwatch.GetTimestamp();
        await using var applier = new EventApplier(log, state, from, NullLogger<EventApplier>.Instance);
        await applier.WaitForAppliedAsync(log.DurableOffset, CancellationToken.None);
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }
}
