using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Recall;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Asks for what goes on from every session of a file.</summary>
internal sealed class RecallFileCommand : ModelCommand
{
    private const int MaximumK = 1000;
    private const int MaximumInterests = 8;

    private readonly Option<FileInfo> _sessions = new("--sessions")
    {
        Description = "File of sessions: items, oldest first, separated by spaces; one session a line.",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<FileInfo> _output = new("--output") { Description = "Receives the ranked lists, one a line in the order of the sessions.", HelpName = "LISTS", Required = true };
    private readonly Option<int> _k = new("--k") { Description = $"Items a list, 1..{MaximumK}.", HelpName = "N", DefaultValueFactory = _ => 10 };
    private readonly Option<bool> _excludeSeen = new("--exclude-seen") { Description = "Leave out the session's own items." };
    private readonly Option<int?> _interests = new("--interests") { Description = $"Interests that a session is divided into at most, 1..{MaximumInterests}; the daemon's setting unless given.", HelpName = "N" };
    private readonly Option<string[]> _sources = RecallSourceOption.Create();
    private readonly Option<bool> _json = JsonOption.Create();

    public RecallFileCommand(CommandConsole console)
        : base(
            console,
            "recall-file",
            "Asks for what goes on from every session of a file, in batches, and writes one ranked list a line.\n\n"
            + "An empty line stays empty. A session that the daemon refuses has an empty list; the others are answered, and the exit code is 1.",
            "embedctl recall-file --sessions sessions.txt --k 60 --exclude-seen --output lists.txt",
            "embedctl recall-file --sessions sessions.txt --sources embedding --output lists.txt --json")
    {
        foreach (var option in new Option[] { _sessions, _output, _k, _excludeSeen, _interests, _sources, _json }) Add(option);
        _k.AcceptOnlyRange(1, MaximumK);
        _interests.AcceptOnlyRange(1, MaximumInterests);
        _sessions.AcceptExistingOnly();
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = Connect(arguments);
        await client.GetModelAsync(cancellationToken: cancellationToken);
        var excludeSeen = arguments.GetValue(_excludeSeen);
        var template = new RecallRequest
        {
            K = (uint)arguments.GetRequiredValue(_k),
            ExcludeSeen = excludeSeen,
            IncludeQueryItems = !excludeSeen,
            Sources = { RecallSourceOption.Read(arguments, _sources) },
        };
        var summary = await ProgressDisplay.RunAsync(Terminal, async display =>
        {
            var step = display.Begin("recall");
            using var sessions = arguments.GetRequiredValue(_sessions).OpenText();
            await using var lists = new StreamWriter(arguments.GetRequiredValue(_output).FullName);
            var result = await new SessionFile(client, template, arguments.GetValue(_interests)).RunAsync(sessions, lists, done => step.Report(null, $"{done:N0} sessions"), cancellationToken);
            step.Done($"{result.Sessions:N0} sessions");
            return result;
        });

        if (arguments.GetValue(_json)) Terminal.WriteJson(summary);
        else Terminal.Output.WriteLine($"{summary.Answered:N0} of {summary.Sessions:N0} sessions answered in {summary.Seconds:0.00} s ({summary.SessionsPerSecond:N0}/s)");
        if (summary.Failed == 0) return ExitCode.Success;
        Terminal.WriteError($"{summary.Failed:N0} sessions were refused; the first: {summary.FirstError}");
        return ExitCode.Failed;
    }
}
