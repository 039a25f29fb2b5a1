using System.Diagnostics;
using System.Text.Json;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Recall;

namespace EmbeddingGrpc.Benchmarks.Serving;

/// <summary>
/// <c>search-load GENERATION [--k 50] [--threads N] [--seconds 5] [--vectors 0]</c>: item queries, or with 1 random vectors, to a generation on disk (a directory below
/// <c>models/NAME/generations</c>) inside one process, without a call around them: what the search itself costs. The last line is JSON.
/// </summary>
internal static class SearchLoad
{
    public static int Run(string[] args)
    {
        var numbers = NamedNumbers.Parse(
            args.Skip(1), ("--k", 50), ("--threads", Environment.ProcessorCount), ("--seconds", 5), ("--vectors", 0));
        var (k, threads, seconds, vectors) =
            (numbers["--k"], numbers["--threads"], numbers["--seconds"], numbers["--vectors"]);

        using var opened = new OpenedGeneration(args[0]);
        Search(opened.Space, k, threads, TimeSpan.FromSeconds(2), vectors != 0, seed: 1);
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var processor = Environment.CpuUsage.TotalTime;
        var (searches, elapsed) = Search(opened.Space, k, threads, TimeSpan.FromSeconds(seconds), vectors != 0, seed: 1000);
        processor = Environment.CpuUsage.TotalTime - processor;
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            items = opened.Space.Generation.ItemCount,
            k,
            threads,
            searches,
            qps = Math.Round(searches / elapsed.TotalSeconds),
            microseconds = Math.Round(threads * elapsed.TotalMicroseconds / searches, 1),
            processor_microseconds = Math.Round(processor.TotalMicroseconds / searches, 1),
            allocated_bytes_per_search = allocated / searches,
        }));

        return 0;
    }

    private static (long Searches, TimeSpan Elapsed) Search(RecallSpace space, int k, int threads, TimeSpan duration, bool vectors, int seed)
    {
        var engine = new RecallEngine(new RecallOptions());
        var searches = 0L;
        var started = Stopwatch.GetTimestamp();
        var working = Enumerable.Range(seed, threads).Select(number => new Thread(() =>
        {
            var (random, done) = (new Random(number), 0L);
            for (; Stopwatch.GetElapsedTime(started) < duration; done++)
            {
                RecallSubject subject = vectors
                    ? new VectorSubject(Draw(random, space.Generation.Similarity.Dimension))
                    : new ItemSubject(space.Generation.IdOf(new ItemOrdinal(random.Next(space.Generation.Vocabulary.Count))));
                engine.Search(space, new RecallQuery { Subject = subject, K = k }, [], CancellationToken.None);
            }

            Interlocked.Add(ref searches, done);
        })).ToList();
        foreach (var thread in working) thread.Start();
        foreach (var thread in working) thread.Join();
        return (searches, Stopwatch.GetElapsedTime(started));
    }

    // Gaussian, so that directions are uniform: what embedctl bench recall asks. They are near to nothing, and dearer than items are.
    private static float[] Draw(Random random, int dimension) =>
        [.. Enumerable.Range(0, dimension).Select(_ => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];
}
