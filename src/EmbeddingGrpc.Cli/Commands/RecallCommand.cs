using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Recall;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Protocol.V1;
using Google.Protobuf;
using Spectre.Console;
using Duration = Google.Protobuf.WellKnownTypes.Duration;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Asks the daemon which items come next.</summary>
internal sealed class RecallCommand : ModelCommand
{
    private const int MaximumK = 1000;
    private const int MaximumInterests = 8;
    private const int MaximumExcludeSeenLast = 10_000;
    private const double MostScore = 1e9;
    private const double LeastHalfLifeHours = 0.001;
    private const double MostHalfLifeHours = 876_000;

    private readonly Option<string?> _item = new("--item") { Description = "Items similar to this one.", HelpName = "ID" };
    private readonly Option<string?> _user = new("--user") { Description = "Items for this user, from the user's own recent history; with --session, whose session it is.", HelpName = "ID" };
    private readonly Option<string?> _session = new("--session") { Description = "Items that go on from these, oldest first; with --user, mixed with that user's history.", HelpName = "A,B,C" };
    private readonly Option<string?> _vector = new("--vector") { Description = "Items nearest to the vector in this file; - for standard input.", HelpName = "FILE" };
    private readonly Option<double?> _historyWeight = new("--history-weight") { Description = "With --session and --user: the part of the query that is the user's history's, 0..1.", HelpName = "SHARE" };
    private readonly Option<int?> _interests = new("--interests") { Description = $"Interests that a history or a session is divided into at most, 1..{MaximumInterests}, each searched by itself.", HelpName = "N" };
    private readonly Option<double?> _halfLifeHours = new("--half-life-hours")
    {
        Description = "With --user alone: hours of event time after which an item of the history pulls half as much. By the order of the history unless given.",
        HelpName = "HOURS",
    };

    private readonly Option<int> _k = new("--k") { Description = $"How many, 1..{MaximumK}.", HelpName = "N", DefaultValueFactory = _ => 10 };
    private readonly Option<string?> _exclude = new("--exclude") { Description = "Items never to return.", HelpName = "A,B,C" };
    private readonly Option<bool> _excludeSeen = new("--exclude-seen") { Description = "Leave out what the user has interacted with." };
    private readonly Option<int?> _excludeSeenLast = new("--exclude-seen-last") { Description = "Leave out only the N items that the user or the session saw last, 1..10000.", HelpName = "N" };
    private readonly Option<double?> _minimumScore = new("--minimum-score") { Description = "Leave out items with a lower score.", HelpName = "SCORE" };
    private readonly Option<bool> _includeQueryItems = new("--include-query-items") { Description = "Return the query's own items too, where they are among the nearest." };
    private readonly Option<string?> _filter = new("--filter") { Description = "Which items may be returned, by their attributes: a Filter of the API as JSON.", HelpName = "JSON" };
    private readonly Option<string[]> _sources = RecallSourceOption.Create();

    private readonly Option<double?> _coldShare = new("--cold-share")
    {
        Description = "Share of the answer, 0..1, kept for items that the serving generation was not trained on.",
        HelpName = "SHARE",
    };

    private readonly Option<double?> _targetRecall = new("--target-recall")
    {
        Description = "Share of the true nearest items to find, 0.80..0.999, or 1 for an exact search. The model's own setting unless given.",
        HelpName = "R",
        CustomParser = ParseTargetRecall,
    };

    private readonly Option<string?> _titles = new("--titles") { Description = "CSV file with a header, ids in its first column and titles in its second.", HelpName = "FILE" };
    private readonly Option<bool> _json = JsonOption.Create();

    public RecallCommand(CommandConsole console)
        : base(
            console,
            "recall",
            "Asks for the best items for an item, a user, a session or a vector: exactly one of these, or a session of a user.\n\n"
            + "Prints a table on a terminal, 'item<TAB>score' lines elsewhere, or JSON.",
            "embedctl recall --item 1 --k 5 --titles movies.csv",
            "embedctl recall --user 42 --exclude-seen",
            "embedctl recall --user 42 --half-life-hours 48",
            "embedctl recall --user 42 --interests 3",
            "embedctl recall --session 260,1196 --user 42 --history-weight 0.3 --exclude-seen",
            "embedctl recall --user 42 --exclude-seen-last 3 --minimum-score 1.5",
            "embedctl recall --user 42 --k 20 --cold-share 0.2",
            "embedctl recall --session 260,1196,1210 --exclude 1,2 --json",
            "embedctl recall --user 42 --filter '{\"text\": {\"attribute\": \"genres\", \"any_of\": [\"Crime\"]}}'",
            "embedctl recall --session 260,1196 --target-recall 0.99",
            "echo '0.1 -0.2 0.3' | embedctl recall --vector -")
    {
        foreach (var query in new Option[] { _item, _user, _session, _vector }) Add(query);
        foreach (var option in new Option[] { _historyWeight, _interests, _halfLifeHours, _k, _exclude, _excludeSeen, _excludeSeenLast, _includeQueryItems, _minimumScore, _sources, _coldShare, _filter, _targetRecall, _titles, _json }) Add(option);
        _k.AcceptOnlyRange(1, MaximumK);
        _excludeSeenLast.AcceptOnlyRange(1, MaximumExcludeSeenLast);
        _minimumScore.AcceptOnlyRange(-MostScore, MostScore);
        _coldShare.AcceptOnlyRange(0.0, 1.0);
        _historyWeight.AcceptOnlyRange(0.0, 1.0);
        _interests.AcceptOnlyRange(1, MaximumInterests);
        _halfLifeHours.AcceptOnlyRange(LeastHalfLifeHours, MostHalfLifeHours);
        Validators.Add(result =>
        {
            if (result.GetResult(_excludeSeenLast) is not null && (result.GetValue(_excludeSeen) || result.GetValue(_includeQueryItems)))
                result.AddError("--exclude-seen-last contradicts --exclude-seen and --include-query-items; give one of them.");
            var (ofUser, ofSession) = (result.GetResult(_user) is not null, result.GetResult(_session) is not null);
            var given = new Option[] { _item, _user, _session, _vector }.Count(option => result.GetResult(option) is not null);
            if (given != 1 && !(given == 2 && ofUser && ofSession))
                result.AddError("Give exactly one of --item, --user, --session, --vector. (--session may have a --user.)");
            if (result.GetResult(_historyWeight) is not null && !(ofUser && ofSession))
                result.AddError("--history-weight needs --session and --user: it is the part of the query that is the user's history's.");
            if (result.GetResult(_interests) is not null && !(ofUser || ofSession)) result.AddError("--interests needs --user or --session: nothing else has several.");
            if (result.GetResult(_halfLifeHours) is not null && !(ofUser && !ofSession))
                result.AddError("--half-life-hours needs --user, without --session: it is the history that is forgotten.");
        });
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var request = await ReadRequestAsync(arguments, cancellationToken);
        var titles = arguments.GetValue(_titles) is { } path ? ItemTitles.Read(path) : ItemTitles.None;
        using var client = Connect(arguments);
        var response = await client.RecallAsync(request, cancellationToken);

        if (arguments.GetValue(_json)) Terminal.WriteJson(RecallDocument.Of(response, titles));
        else if (Terminal.OutputIsTerminal) WriteTable(response, titles);
        else WriteLines(response, titles);
        if (!arguments.GetValue(_json) && FallbackOf(response.Basis) is { } fallback) Terminal.WriteWarning(fallback);
        return ExitCode.Success;
    }

    private async Task<RecallRequest> ReadRequestAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var request = new RecallRequest
        {
            K = (uint)arguments.GetRequiredValue(_k),
            ExcludeSeen = arguments.GetValue(_excludeSeen),
            IncludeQueryItems = arguments.GetValue(_includeQueryItems),
            ExcludeItemIds = { Split(arguments.GetValue(_exclude)) },
            Filter = ReadFilter(arguments.GetValue(_filter)),
            Sources = { RecallSourceOption.Read(arguments, _sources) },
        };
        if (arguments.GetValue(_excludeSeenLast) is { } last) request.ExcludeSeenLast = (uint)last;
        if (arguments.GetValue(_minimumScore) is { } minimum) request.MinimumScore = (float)minimum;
        if (arguments.GetValue(_coldShare) is { } coldShare) request.ColdShare = coldShare;
        if (arguments.GetValue(_targetRecall) is { } targetRecall) request.TargetRecall = targetRecall;
        if (arguments.GetValue(_item) is { } item) request.Item = new ItemQuery { ItemId = item };
        else if (arguments.GetValue(_session) is { } session) request.Session = ReadSession(arguments, session);
        else if (arguments.GetValue(_user) is { } user) request.User = ReadUser(arguments, user);
        else
            request.Vector = new VectorQuery { Values = { await VectorFile.ReadAsync(arguments.GetRequiredValue(_vector)!, cancellationToken) } };
        return request;
    }

    private SessionQuery ReadSession(ParseResult arguments, string items)
    {
        var session = new SessionQuery { UserId = arguments.GetValue(_user) ?? "", Items = { Split(items).Select(id => new SessionItem { ItemId = id }) } };
        if (arguments.GetValue(_historyWeight) is { } weight) session.HistoryWeight = weight;
        if (arguments.GetValue(_interests) is { } interests) session.Interests = (uint)interests;
        return session;
    }

    private UserQuery ReadUser(ParseResult arguments, string userId)
    {
        var user = new UserQuery { UserId = userId };
        if (arguments.GetValue(_halfLifeHours) is { } hours) user.HalfLife = Duration.FromTimeSpan(TimeSpan.FromHours(hours));
        if (arguments.GetValue(_interests) is { } interests) user.Interests = (uint)interests;
        return user;
    }

    private static double? ParseTargetRecall(ArgumentResult result)
    {
        var text = result.Tokens.Single().Value;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value is 1 or (>= 0.8 and <= 0.999)) return value;
        result.AddError($"--target-recall is '{text}'; it must be 0.80..0.999, or 1 for an exact search.");
        return null;
    }

    private static Filter? ReadFilter(string? json)
    {
        try
        {
            return json is null ? null : JsonParser.Default.Parse<Filter>(json);
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or InvalidJsonException)
        {
            throw CommandFailedException.Usage($"--filter is not a filter as JSON, such as {{\"has\": {{\"attribute\": \"price\"}}}}: {e.Message}");
        }
    }

    private static string? FallbackOf(RecallBasis basis) => basis switch
    {
        RecallBasis.Popular => "nothing that may be answered follows from what is known of the user: these are the most popular items",
        RecallBasis.Catalog => "nothing is known of the user, and nothing popular may be answered: these are the newest of all items",
        _ => null,
    };

    private static string[] Split(string? list) => list?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    private void WriteTable(RecallResponse response, ItemTitles titles)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumn(new TableColumn("#").RightAligned()).AddColumn("item");
        if (titles.Any) table.AddColumn("title");
        table.AddColumn(new TableColumn("score").RightAligned());
        var anyCold = response.Candidates.Any(candidate => candidate.Cold);
        if (anyCold) table.AddColumn("cold");
        foreach (var (rank, candidate) in response.Candidates.Index())
        {
            List<string> row = [$"{rank + 1}", Markup.Escape(candidate.ItemId)];
            if (titles.Any) row.Add(Markup.Escape(titles[candidate.ItemId] ?? ""));
            row.Add($"{candidate.Score:0.0000}");
            if (anyCold) row.Add(candidate.Cold ? "cold" : "");
            table.AddRow([.. row]);
        }
        Terminal.Results.Write(table);
        Terminal.Results.MarkupLineInterpolated(
            $"[grey]generation {response.GenerationId}, {response.Basis.ToString().ToLowerInvariant()}, from {response.Source.ToString().ToLowerInvariant()}[/]");
    }

    private void WriteLines(RecallResponse response, ItemTitles titles)
    {
        foreach (var candidate in response.Candidates)
        {
            var title = titles.Any ? "\t" + titles[candidate.ItemId] : "";
            Terminal.Output.WriteLine(FormattableString.Invariant($"{candidate.ItemId}\t{candidate.Score:R}{title}"));
        }
    }
}
