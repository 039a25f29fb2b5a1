using System.Diagnostics;
using System.Text.Json;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Grpc;
using Google.Protobuf.Collections;
using Microsoft.Extensions.DependencyInjection;

namespace EmbeddingGrpc.Benchmarks.Serving;

/// <summary>
/// <c>batch-load [--items 20000] [--dimension 64] [--sessions 20000] [--batch 64] [--k 50] [--milliseconds 1000] [--rounds 5]</c>: what a query costs in a batch and by itself,
/// inside the process and over gRPC from a client in the same process: items that are in memory, vectors and sessions that are searched. Single queries are asked one after the other,
/// and as many at once as a batch has. The ways take turns; a line of JSON each, of the median round.
/// </summary>
internal static class BatchLoad
{
    public static async Task<int> RunAsync(string[] args)
    {
        var numbers = NamedNumbers.Parse(
            args, ("--items", 20_000), ("--dimension", 64), ("--sessions", 20_000), ("--batch", 64), ("--k", 50), ("--milliseconds", 1000), ("--rounds", 5));
        var (items, dimension, sessions, batch, k, milliseconds, rounds) =
            (numbers["--items"], numbers["--dimension"], numbers["--sessions"], numbers["--batch"], numbers["--k"], numbers["--milliseconds"], numbers["--rounds"]);

        var shop = new SimulatedShop(items, dimension);
        await using var daemon = await ShopDaemon.StartAsync(shop, sessions);
        var (call, batches) = (daemon.Services.GetRequiredService<RecallCall>(), daemon.Services.GetRequiredService<RecallBatch>());
        var client = daemon.Client.Recommendations;
        (string Name, Func<RepeatedField<RecallRequest>, Task> Ask)[] ways =
        [
            ("in process, one by one", async requests => { foreach (var request in requests) await call.AnswerAsync(request, CancellationToken.None); }),
            ("in process, batch", requests => batches.AnswerAsync(requests, CancellationToken.None)),
            ("gRPC, one by one", async requests => { foreach (var request in requests) await client.RecallAsync(request); }),
            ("gRPC, all at once", requests => Task.WhenAll(requests.Select(request => client.RecallAsync(request).ResponseAsync))),
            ("gRPC, batch", async requests => await client.BatchRecallAsync(new BatchRecallRequest { Requests = { requests } })),
        ];
        foreach (var kind in new[] { "item", "vector", "session" })
        {
            var random = new Random(7);
            var measured = ways.Select(_ => new List<Measure>()).ToArray();
            for (var round = -1; round < rounds; round++)
            {
                for (var way = 0; way < ways.Length; way++)
                {
                    var measure = await MeasureAsync(() => Requests(kind, shop, batch, k, random), ways[way].Ask, TimeSpan.FromMilliseconds(milliseconds));
                    if (round >= 0) measured[way].Add(measure);
                }
            }

            for (var way = 0; way < ways.Length; way++)
            {
                var median = measured[way].OrderBy(measure => measure.Microseconds).ElementAt(rounds / 2);
                Console.WriteLine(JsonSerializer.Serialize(new
                {
                    query = kind,
                    way = ways[way].Name,
                    microseconds = Math.Round(median.Microseconds, 2),
                    processor_microseconds = Math.Round(median.Processor, 2),
                    allocated_bytes = Math.Round(median.Bytes),
                }));
            }
        }

        return 0;
    }

    /// <summary>Of one query: time from first to last divided by their number, time of all threads on a processor, what was allocated.</summary>
    private static async Task<Measure> MeasureAsync(Func<RepeatedField<RecallRequest>> make, Func<RepeatedField<RecallRequest>, Task> ask, TimeSpan duration)
    {
        var (queries, elapsed, processor, bytes) = (0L, TimeSpan.Zero, TimeSpan.Zero, 0L);
        while (elapsed < duration)
        {
            var requests = make();
            var (started, processorBefore, bytesBefore) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes());
            await ask(requests);
            elapsed += Stopwatch.GetElapsedTime(started);
            processor += Environment.CpuUsage.TotalTime - processorBefore;
            bytes += GC.GetTotalAllocatedBytes() - bytesBefore;
            queries += requests.Count;
        }

        return new Measure(elapsed.TotalMicroseconds / queries, processor.TotalMicroseconds / queries, (double)bytes / queries);
    }

    private static RepeatedField<RecallRequest> Requests(string kind, SimulatedShop shop, int count, int k, Random random)
    {
        var requests = new RepeatedField<RecallRequest>();
        for (var i = 0; i < count; i++)
        {
            var request = new RecallRequest { K = (uint)k };
            var topic = shop.DrawTopic(random);
            if (kind == "item") request.Item = new ItemQuery { ItemId = SimulatedShop.IdOf(random.Next(200)) };
            else if (kind == "vector") request.Vector = new VectorQuery { Values = { shop.Gaussian(random) } };
            else request.Session = new SessionQuery { Items = { Enumerable.Range(0, 5).Select(_ => new SessionItem { ItemId = SimulatedShop.IdOf(shop.Draw(random, topic)) }) } };
            requests.Add(request);
        }

        return requests;
    }

    private readonly record struct Measure(double Microseconds, double Processor, double Bytes);
}
