using System.CommandLine;
using System.Diagnostics;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Status;
using EmbeddingGrpc.Cli.Terminal;
using Spectre.Console;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Shows how a daemon is, once or until Ctrl-C.</summary>
internal sealed class StatusCommand : DaemonCommand
{
    private static readonly TimeSpan HttpTimeout = TimeSpan.FromSeconds(5);

    private readonly Option<string> _http = new("--http")
    {
        Description = "The daemon's HTTP address: memory, recall and cache are read from its /metrics.",
        HelpName = "URL",
        DefaultValueFactory = _ => "http://127.0.0.1:8080",
    };

    private readonly Option<bool> _watch = new("--watch") { Description = "Look again and again, with rates, until Ctrl-C." };
    private readonly Option<int> _interval = new("--interval") { Description = "Seconds between two looks.", HelpName = "SECONDS", DefaultValueFactory = _ => 1 };
    private readonly Option<bool> _json = JsonOption.Create();

    public StatusCommand(CommandConsole console)
        : base(
            console,
            "status",
            "Shows a daemon on one screen: each model's watermarks and serving generation, memory, ingest, recall and cache.",
            "embedctl status",
            "embedctl status --watch",
            "embedctl status --address http://recall:50051 --http http://recall:8080 --json")
    {
        _interval.AcceptOnlyRange(1, 3600);
        foreach (var option in new Option[] { _http, _watch, _interval, _json }) Add(option);
        _http.Validators.Add(result =>
        {
            if (!Uri.TryCreate(result.GetValueOrDefault<string>(), UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
                result.AddError($"--http '{result.GetValueOrDefault<string>()}' is not an http:// or https:// address, such as http://127.0.0.1:8080.");
        });
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = Connect(arguments);
        using var http = new HttpClient { BaseAddress = new Uri(arguments.GetRequiredValue(_http)), Timeout = HttpTimeout };
        var reader = new StatusReader(client, http);
        if (arguments.GetValue(_watch)) return await WatchAsync(reader, arguments, cancellationToken);

        var status = await reader.ReadAsync(cancellationToken);
        if (reader.HttpProblem is { } problem) Terminal.WriteWarning(problem);
        if (arguments.GetValue(_json)) Terminal.WriteJson(status);
        else foreach (var row in StatusScreen.Rows(status)) WriteLine(row);
        return ExitCode.Success;
    }

    private async Task<int> WatchAsync(StatusReader reader, ParseResult arguments, CancellationToken cancellationToken)
    {
        var interval = TimeSpan.FromSeconds(arguments.GetValue(_interval));
        var json = arguments.GetValue(_json);
        try
        {
            if (!Terminal.OutputIsTerminal || json) await RepeatAsync(reader, interval, (status, rows) => Write(status, rows, json), cancellationToken);
            await Terminal.Results.Live(new Text("")).StartAsync(live => RepeatAsync(
                reader,
                interval,
                (_, rows) =>
                {
                    live.UpdateTarget(TableOf(rows));
                    live.Refresh();
                },
                cancellationToken));
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // This is how a watch ends.
        }
        return ExitCode.Success;
    }

    private static async Task RepeatAsync(
        StatusReader reader, TimeSpan interval, Action<DaemonStatus, IReadOnlyList<IReadOnlyList<string>>> show, CancellationToken cancellationToken)
    {
        (DaemonStatus Status, long When)? before = null;
        while (true)
        {
            var when = Stopwatch.GetTimestamp();
            var status = await reader.ReadAsync(cancellationToken);
            show(status, StatusScreen.Rows(status, before is { } earlier ? (earlier.Status, Stopwatch.GetElapsedTime(earlier.When, when)) : null));
            before = (status, when);
            await Task.Delay(interval, cancellationToken);
        }
    }

    private void Write(DaemonStatus status, IReadOnlyList<IReadOnlyList<string>> rows, bool json)
    {
        if (json)
        {
            Terminal.WriteJson(status);
            return;
        }
        foreach (var row in rows) WriteLine(row);
        Terminal.Output.WriteLine();
    }

    private void WriteLine(IReadOnlyList<string> row) => Terminal.Output.WriteLine($"{row[0],-16} {row[1]}");

    private static Table TableOf(IReadOnlyList<IReadOnlyList<string>> rows)
    {
        var table = new Table().Border(TableBorder.None).HideHeaders().AddColumn("").AddColumn("");
        foreach (var row in rows) table.AddRow($"[bold]{Markup.Escape(row[0])}[/]", Markup.Escape(row[1]));
        return table;
    }
}
