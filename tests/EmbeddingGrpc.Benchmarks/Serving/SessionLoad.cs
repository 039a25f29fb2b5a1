using System.Globalization;
using System.Text.Json;
using EmbeddingGrpc.Server.Recall;

namespace EmbeddingGrpc.Benchmarks.Serving;

/// <summary>
/// <c>session-load [--items 100000] [--dimension 64] [--sessions 300000] [--query 5] [--k 50] [--recalls 5000] [--rounds 3]</c>: recalls for sessions of so many items, inside the process and
/// without a call around them, on one thread: by the embeddings alone, the graph alone and all sources. A line of JSON each, of the best round; times are of this
/// thread on the processor, and the checksum is the same as long as the lists are.
/// </summary>
internal static class SessionLoad
{
    public static async Task<int> RunAsync(string[] args)
    {
        var numbers = NamedNumbers.Parse(
            args, ("--items", 100_000), ("--dimension", 64), ("--sessions", 300_000), ("--query", 5), ("--k", 50), ("--recalls", 5000), ("--rounds", 3));
        var (items, dimension, sessions, query, k, recalls, rounds) =
            (numbers["--items"], numbers["--dimension"], numbers["--sessions"], numbers["--query"], numbers["--k"], numbers["--recalls"], numbers["--rounds"]);

        var shop = new SimulatedShop(items, dimension);
        await using var daemon = await ShopDaemon.StartAsync(shop, sessions);
        var model = daemon.Model;
        var engine = new RecallEngine(new RecallOptions());
        model.Generations.TryLease(out var lease);
        using (lease)
        {
            var space = new RecallSpace(lease.Generation, model.Items, model.Graph) { Catalog = model.Catalog, Popularity = engine.PopularityOf(model.Counters) };
            (string Name, RecallSources Sources)[] ways =
                [("embedding", RecallSources.Embedding), ("graph", RecallSources.Graph), ("all", RecallSources.All)];
            foreach (var (name, sources) in ways)
            {
                var best = Measure(engine, space, shop, query, k, recalls, sources);
                for (var round = 0; round < rounds; round++)
                    if (Measure(engine, space, shop, query, k, recalls, sources) is var measured && measured.Microseconds < best.Microseconds)
                        best = measured;
                Console.WriteLine(JsonSerializer.Serialize(new
                {
                    items,
                    query,
                    k,
                    sources = name,
                    microseconds = Math.Round(best.Microseconds, 1),
                    allocated_bytes = best.Bytes,
                    checksum = best.Checksum,
                }));
            }
        }

        return 0;
    }

    private static (double Microseconds, long Bytes, string Checksum) Measure(
        RecallEngine engine, RecallSpace space, SimulatedShop shop, int items, int k, int recalls, RecallSources sources)
    {
        var random = new Random(2);
        var queries = new RecallQuery[recalls];
        for (var recall = 0; recall < recalls; recall++)
        {
            var topic = shop.DrawTopic(random);
            SessionEntry[] session = [.. Enumerable.Range(0, items).Select(_ => new SessionEntry(SimulatedShop.IdOf(shop.Draw(random, topic)), null))];
            queries[recall] = new RecallQuery { Subject = new SessionSubject(session), K = k, Sources = sources };
        }

        var (checksum, bytes, started) = (0UL, GC.GetAllocatedBytesForCurrentThread(), Environment.CpuUsage.TotalTime);
        foreach (var query in queries)
        {
            var result = engine.Search(space, query, [], CancellationToken.None);
            foreach (ref readonly var candidate in result.Candidates[..Math.Min(k, result.Candidates.Length)])
                checksum = (checksum * 31) + (uint)candidate.Item.GetHashCode() + BitConverter.SingleToUInt32Bits(candidate.Score);
        }

        return ((Environment.CpuUsage.TotalTime - started).TotalMicroseconds / recalls, (GC.GetAllocatedBytesForCurrentThread() - bytes) / recalls, checksum.ToString("x16", CultureInfo.InvariantCulture));
    }
}
