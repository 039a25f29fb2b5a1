using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Protocol.V1;
using Spectre.Console;

namespace EmbeddingGrpc.Cli.Demo;

/// <summary>Writes what a demo saw to standard output, its figures as JSON on the last line.</summary>
internal static class DemoReport
{
    private const int NamesShown = 5;
    private const int HistoryShown = 4;

    public static void Write(CommandConsole console, DemoResult result)
    {
        var outcome = result.Outcome();
        var screen = console.Results;
        screen.WriteLine();
        WriteNeighbours(screen, result);
        WriteUsers(screen, result);
        WriteHitRates(screen, result, outcome);
        WriteCache(screen, result);
        WriteSteps(screen, result, outcome);
        console.WriteJson(outcome);
    }

    private static void WriteNeighbours(IAnsiConsole screen, DemoResult result)
    {
        var table = TableOf("Items like these", "item", "nearest in what people do with them");
        foreach (var (item, response) in result.Neighbours)
        {
            var names = response.Candidates.Take(NamesShown).Select(candidate => $"{Name(result, candidate.ItemId)} [grey]{candidate.Score:0.00}[/]");
            table.AddRow(Name(result, item), string.Join(", ", names));
        }
        screen.Write(table);
    }

    private static void WriteUsers(IAnsiConsole screen, DemoResult result)
    {
        var table = TableOf("What these users did next, and what was recalled for them", "user", "lately", "did next", "recalled");
        var histories = result.Data.Split.Training.ToLookup(interaction => interaction.UserId);
        foreach (var place in result.UsersShown)
        {
            var hidden = result.Asked[place];
            var lately = histories[hidden.UserId].OrderBy(interaction => interaction.EventTimeMs).TakeLast(HistoryShown).Select(interaction => Name(result, interaction.ItemId));
            // All ten count, so a hit below the ones shown is shown too.
            var candidates = result.Users.Responses[place].Candidates.Select(candidate => candidate.ItemId).ToList();
            var recalled = candidates
                .Index()
                .Where(candidate => candidate.Index < NamesShown || candidate.Item == hidden.ItemId)
                .Select(candidate => candidate.Item == hidden.ItemId ? $"[green]{Name(result, candidate.Item)} ✓[/]" : Name(result, candidate.Item));
            table.AddRow(Markup.Escape(hidden.UserId), string.Join(", ", lately), Name(result, hidden.ItemId), string.Join(", ", recalled));
        }
        screen.Write(table);
    }

    private static void WriteHitRates(IAnsiConsole screen, DemoResult result, DemoOutcome outcome)
    {
        var table = TableOf($"The next item of {result.Asked.Count:N0} users is among ten", "recalled by", "hit rate at 10", "");
        foreach (var (name, rate) in new[] { ("the daemon", outcome.Hit10), ("popularity", outcome.Popularity10), ("chance", outcome.Random10) })
            table.AddRow(name, $"{rate:0.0000}", new string('█', (int)Math.Round(rate / Math.Max(outcome.Hit10, 1e-9) * 40)));
        screen.Write(table);
    }

    private static void WriteCache(IAnsiConsole screen, DemoResult result)
    {
        var table = TableOf("Where the answers came from", "asked", "search", "memory", "Redis", "latency with 8 calls in flight");
        AddRow("at first", result.Searched);
        AddRow("again", result.Remembered);
        AddRow("after a restart", result.FromRedis);
        screen.Write(table);

        void AddRow(string name, Answers answers) => table.AddRow(
            name,
            $"{answers.CountFrom(AnswerSource.Search)}",
            $"{answers.CountFrom(AnswerSource.Memory)}",
            $"{answers.CountFrom(AnswerSource.Redis)}",
            answers.Latency);
    }

    private static void WriteSteps(IAnsiConsole screen, DemoResult result, DemoOutcome outcome)
    {
        var table = TableOf("Time", "step", "seconds", "");
        foreach (var step in result.Clock.Steps) table.AddRow(Markup.Escape(step.Name), $"{step.Seconds:0.00}", Markup.Escape(step.Detail));
        table.AddRow("[bold]all[/]", $"[bold]{outcome.Seconds:0.0}[/]", "");
        table.Columns[1].RightAligned();
        screen.Write(table);
    }

    private static Table TableOf(string title, params string[] columns)
    {
        var table = new Table().Border(TableBorder.Rounded).BorderColor(Color.Grey).Title($"[bold]{Markup.Escape(title)}[/]");
        table.Title!.Style = null;
        foreach (var column in columns) table.AddColumn(Markup.Escape(column));
        return table;
    }

    private static string Name(DemoResult result, string itemId) => Markup.Escape(result.Data.NameOf(itemId));
}
