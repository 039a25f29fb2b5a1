using System.CommandLine;
using EmbeddingGrpc.Server.Models;

namespace EmbeddingGrpc.Cli.CommandLine;

/// <summary><c>--session-gap</c> of a file of behaviour.</summary>
internal static class SessionGapOption
{
    public static Option<int> Create() => new Option<int>("--session-gap")
    {
        Description = "FILE only: minutes of silence that part two sessions of a user.",
        HelpName = "MINUTES",
        DefaultValueFactory = _ => (int)new ModelOptions().SessionGap.TotalMinutes,
    }.AcceptOnlyRange(1, int.MaxValue);
}
