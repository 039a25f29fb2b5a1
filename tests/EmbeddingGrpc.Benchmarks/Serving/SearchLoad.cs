using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Models.Files;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Graph;
using EmbeddingGrpc.Server.Recall;

namespace EmbeddingGrpc.Benchmarks.Serving;

/// <summary>
/// <c>search-load GENERATION [--k 50] [--threads N] [--seconds 5]</c>: item queries to a generation on disk (a directory below
/// <c>models/NAME/generations</c>) inside one process, without a call around them: what the search itself costs. The last line is JSON.
/// </summary>
internal static class SearchLoad
{
    public static int Run(string[] args)
    {
        var (k, threads, seconds) = (50, Environment.ProcessorCount, 5);
        foreach (var pair in args.Skip(1).Chunk(2))
        {
            var value = int.Parse(pair[1], CultureInfo.InvariantCulture);
            _ = pair[0] switch
            {
                "--k" => k = value,
                "--threads" => threads = value,
                "--seconds" => seconds = value,
                _ => throw new ArgumentException($"{pair[0]} is neither --k, --threads nor --seconds."),
            };
        }

        var items = new ItemKeys();
        using var store = new GenerationStore();
        store.Publish(new Generation(GenerationLoader.Load(args[0]), items));
        store.TryLease(out var lease);
        using (lease)
        {
            var space = new RecallSpace(lease.Generation, items, new ItemGraph(new ItemGraphOptions()));
            Search(space, k, threads, TimeSpan.FromSeconds(2), seed: 1);
            var allocated = GC.GetTotalAllocatedBytes(precise: true);
            var processor = Environment.CpuUsage.TotalTime;
            var (searches, elapsed) = Search(space, k, threads, TimeSpan.FromSeconds(seconds), seed: 1000);
            processor = Environment.CpuUsage.TotalTime - processor;
            allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                items = lease.Generation.ItemCount,
                k,
                threads,
                searches,
                qps = Math.Round(searches / elapsed.TotalSeconds),
                microseconds = Math.Round(threads * elapsed.TotalMicroseconds / searches, 1),
                processor_microseconds = Math.Round(processor.TotalMicroseconds / searches, 1),
                allocated_bytes_per_search = allocated / searches,
            }));
        }

        return 0;
    }

    private static (long Searches, TimeSpan Elapsed) Search(RecallSpace space, int k, int threads, TimeSpan duration, int seed)
    {
        var engine = new RecallEngine(new RecallOptions());
        var searches = 0L;
        var started = Stopwatch.GetTimestamp();
        var working = Enumerable.Range(seed, threads).Select(number => new Thread(() =>
        {
            var (random, done) = (new Random(number), 0L);
            for (; Stopwatch.GetElapsedTime(started) < duration; done++)
            {
                var item = new ItemOrdinal(random.Next(space.Generation.Vocabulary.Count));
                engine.Search(space, new RecallQuery { Subject = new ItemSubject(space.Generation.IdOf(item)), K = k }, [], CancellationToken.None);
            }

            Interlocked.Add(ref searches, done);
        })).ToList();
        foreach (var thread in working) thread.Start();
        foreach (var thread in working) thread.Join();
        return (searches, Stopwatch.GetElapsedTime(started));
    }
}
