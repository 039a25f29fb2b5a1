using System.Diagnostics;
using System.Text.Json;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Graph;
using EmbeddingGrpc.Server.Recall.Blending;
using EmbeddingGrpc.Server.Recall.Graph;

namespace EmbeddingGrpc.Benchmarks.Serving;

/// <summary>
/// <c>walk-load [--items 100000] [--sessions 300000] [--query 5] [--walks 20000] [--walk-items N] [--walk-connections N]</c>: walks over an item graph of simulated
/// sessions with topics, on one thread, as a recall for a session of so many items does them. The last line is JSON; times are of this thread on the
/// processor, so that other work on the machine counts less.
/// </summary>
internal static class WalkLoad
{
    private const int SessionLength = 10;
    private const int ItemsATopic = 200;

    public static int Run(string[] args)
    {
        var usual = new BlendOptions();
        var numbers = NamedNumbers.Parse(
            args, ("--items", 100_000), ("--sessions", 300_000), ("--query", 5), ("--walks", 20_000), ("--walk-items", usual.WalkItems), ("--walk-connections", usual.WalkConnections));
        var (items, sessions, query, walks, walkItems, walkConnections) =
            (numbers["--items"], numbers["--sessions"], numbers["--query"], numbers["--walks"], numbers["--walk-items"], numbers["--walk-connections"]);

        var graph = Make(items, sessions);
        var scratch = new GraphScratch();
        var random = new Random(2);
        var (reached, checksum) = (0L, 0.0);
        var started = TimeSpan.Zero;
        for (var walk = -walks / 4; walk < walks; walk++)
        {
            if (walk == 0) (started, reached, checksum) = (Processor(), 0, 0);
            scratch.Reset();
            var topic = random.Next(items / ItemsATopic);
            for (var place = 0; place < query; place++) GraphWalk.StepFrom(graph, Draw(random, topic, items), 1f / (place + 1), scratch);
            GraphWalk.Arrive(graph, scratch);
            GraphWalk.StepOn(graph, walkItems, walkConnections, scratch);
            reached += scratch.Scores.Count;
            foreach (var weight in scratch.Scores.Walk) checksum += weight;
        }

        Console.WriteLine(JsonSerializer.Serialize(new
        {
            items,
            query,
            walks,
            walk_items = walkItems,
            walk_connections = walkConnections,
            microseconds = Math.Round((Processor() - started).TotalMicroseconds / walks, 1),
            items_reached = reached / walks,
            checksum = Math.Round(checksum / walks, 6),
        }));
        return 0;
    }

    private static ItemGraph Make(int items, int sessions)
    {
        var graph = new ItemGraph(new ItemGraphOptions());
        var random = new Random(1);
        var history = new HistoryEvent[SessionLength];
        var offset = 0L;
        for (var session = 0; session < sessions; session++)
        {
            var topic = random.Next(items / ItemsATopic);
            for (var place = 0; place < SessionLength; place++)
            {
                history[place] = new HistoryEvent(Draw(random, topic, items), InteractionType.Click, 1_700_000_000_000 + (session * 1000L) + place, 1);
                graph.Apply(history[place], history.AsSpan(0, place), [], place + 1, new LogOffset(offset++));
            }
        }

        return graph;
    }

    // Four of five from the topic, its first ones most; the others from anywhere.
    private static ItemKey Draw(Random random, int topic, int items) =>
        new(random.Next(5) == 0 ? random.Next(items) : (topic * ItemsATopic) + (int)(ItemsATopic * Math.Pow(random.NextDouble(), 2)));

    private static TimeSpan Processor() => Process.GetCurrentProcess().TotalProcessorTime;
}
