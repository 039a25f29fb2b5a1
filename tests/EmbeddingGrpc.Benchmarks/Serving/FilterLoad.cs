using System.Globalization;
using System.Text.Json;
using EmbeddingGrpc.Server.Catalog;
using EmbeddingGrpc.Server.Catalog.Filters;
using EmbeddingGrpc.Server.Recall;

namespace EmbeddingGrpc.Benchmarks.Serving;

/// <summary>
/// <c>filter-load [--items 300000] [--dimension 64] [--sessions 100000] [--k 50] [--recalls 200]</c>: recalls under filters that fit from none to a tenth of all items, by each kind of
/// attribute, inside the process and on one thread: of items similar to one, and for sessions of five items by all sources, whose fallbacks look for what is missing. A line of JSON each;
/// the checksum is the same as long as the lists are.
/// </summary>
internal static class FilterLoad
{
    private const int UpsertedAtOnce = 1000;

    // One item of so many has the attribute, a multiple of the places that items of a topic have.
    private static readonly int[] Shares = [100_000, 10_000, 1_000, 100, 10];

    public static async Task<int> RunAsync(string[] args)
    {
        var numbers = NamedNumbers.Parse(args, ("--items", 300_000), ("--dimension", 64), ("--sessions", 100_000), ("--k", 50), ("--recalls", 200));
        var (items, k, recalls) = (numbers["--items"], numbers["--k"], numbers["--recalls"]);
        var shop = new SimulatedShop(items, numbers["--dimension"]);
        await using var daemon = await ShopDaemon.StartAsync(shop, numbers["--sessions"]);
        var model = daemon.Model;
        foreach (var some in Enumerable.Range(0, items).Chunk(UpsertedAtOnce))
            await model.CatalogEditor.UpsertAsync([.. some.Select(Catalogued)], CancellationToken.None);

        var engine = new RecallEngine(new RecallOptions());
        model.Generations.TryLease(out var lease);
        using (lease)
        {
            var space = new RecallSpace(lease.Generation, model.Items, model.Graph) { Catalog = model.Catalog, Popularity = engine.PopularityOf(model.Counters) };
            foreach (var (name, filter) in Filters())
            {
                Report(name, "item", Measure(engine, space, filter, k, recalls, random => new ItemSubject(SimulatedShop.IdOf(random.Next(items))), RecallSources.Embedding));
                Report(name, "session", Measure(engine, space, filter, k, recalls, random => SessionOf(shop, random), RecallSources.All));
            }
        }

        return 0;
    }

    private static CatalogItem Catalogued(int item)
    {
        // The rarest share that it has a part in.
        var share = Array.Find(Shares, share => item % share == share / 2);
        var name = share == 0 ? "other" : NameOf(share);
        return new CatalogItem(SimulatedShop.IdOf(item), new Dictionary<string, AttributeValue>
        {
            ["brand"] = AttributeValue.Of(name),
            ["tags"] = AttributeValue.Of(["all", name]),
            ["price"] = AttributeValue.Of(share == 0 ? 0 : 1.0 / share),
        });
    }

    private static IEnumerable<(string Name, ItemFilter Filter)> Filters()
    {
        yield return ("no such brand", new TextFilter("brand", ["none"], All: false) { Field = "filter" });
        foreach (var share in Shares)
        {
            yield return ($"brand of 1 in {share}", new TextFilter("brand", [NameOf(share)], All: false) { Field = "filter" });
            yield return ($"tag of 1 in {share}", new TextFilter("tags", [NameOf(share)], All: true) { Field = "filter" });
            yield return ($"price of 1 in {share}", new NumberFilter("price", 1.0 / share, true, 1.0 / share, true) { Field = "filter" });
            yield return ($"list of 1 in {share}", new OneOfItemsFilter([.. Enumerable.Range(0, 300).Select(i => SimulatedShop.IdOf((i * share) + (share / 2)))]) { Field = "filter" });
        }
    }

    private static string NameOf(int share) => string.Create(CultureInfo.InvariantCulture, $"one in {share}");

    private static SessionSubject SessionOf(SimulatedShop shop, Random random)
    {
        var topic = shop.DrawTopic(random);
        return new SessionSubject([.. Enumerable.Range(0, 5).Select(_ => new SessionEntry(SimulatedShop.IdOf(shop.Draw(random, topic)), null))]);
    }

    private static void Report(string filter, string query, (double Microseconds, double Found, string Checksum) measured) => Console.WriteLine(
        JsonSerializer.Serialize(new { filter, query, microseconds = Math.Round(measured.Microseconds), found = Math.Round(measured.Found, 1), checksum = measured.Checksum }));

    private static (double Microseconds, double Found, string Checksum) Measure(
        RecallEngine engine, RecallSpace space, ItemFilter filter, int k, int recalls, Func<Random, RecallSubject> subject, RecallSources sources)
    {
        var random = new Random(2);
        var queries = Enumerable.Range(0, recalls).Select(_ => new RecallQuery { Subject = subject(random), K = k, Sources = sources, Filter = filter }).ToArray();
        // Once to be compiled.
        engine.Search(space, queries[0], [], CancellationToken.None);
        var (checksum, found, started) = (0UL, 0L, Environment.CpuUsage.TotalTime);
        foreach (var query in queries)
        {
            var candidates = engine.Search(space, query, [], CancellationToken.None).Candidates;
            found += Math.Min(k, candidates.Length);
            foreach (ref readonly var candidate in candidates[..Math.Min(k, candidates.Length)])
                checksum = (checksum * 31) + (uint)candidate.Item.GetHashCode() + BitConverter.SingleToUInt32Bits(candidate.Score);
        }

        return ((Environment.CpuUsage.TotalTime - started).TotalMicroseconds / recalls, (double)found / recalls, checksum.ToString("x16", CultureInfo.InvariantCulture));
    }
}
