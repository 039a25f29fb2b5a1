using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Asks the daemon which users are like one.</summary>
internal sealed class SimilarUsersCommand : ModelCommand
{
    private const int MaximumK = 1000;

    private readonly Option<string> _user = new("--user") { Description = "The user whom the others are to be like.", HelpName = "ID", Required = true };
    private readonly Option<int> _k = OptionRanges.Number("--k", $"How many, 1..{MaximumK}.", 10, 1, MaximumK);
    private readonly Option<bool> _json = JsonOption.Create();

    public SimilarUsersCommand(CommandConsole console)
        : base(
            console,
            "similar-users",
            "Asks for the users most like a user by what they did lately, among the users who were active last.\n\n"
            + "Prints a table on a terminal, 'user<TAB>similarity' lines elsewhere, or JSON. The similarity is a cosine, -1..1.",
            "embedctl similar-users --user 42",
            "embedctl similar-users --user 42 --k 50 --json")
    {
        foreach (var option in new Option[] { _user, _k, _json }) Add(option);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = Connect(arguments);
        var response = await client.GetSimilarUsersAsync(arguments.GetRequiredValue(_user), arguments.GetRequiredValue(_k), cancellationToken);
        if (arguments.GetValue(_json)) Terminal.WriteJson(new { Users = response.Users.Select(user => new { user.UserId, user.Similarity }), response.GenerationId });
        else if (Terminal.OutputIsTerminal) WriteTable(response);
        else foreach (var user in response.Users) Terminal.Output.WriteLine(FormattableString.Invariant($"{user.UserId}\t{user.Similarity:R}"));
        return ExitCode.Success;
    }

    private void WriteTable(SimilarUsersResponse response) => Terminal.WriteRows(
        ["user", "similarity"], response.Users.Select(user => (IReadOnlyList<string>)[user.UserId, FormattableString.Invariant($"{user.Similarity:0.0000}")]));
}
