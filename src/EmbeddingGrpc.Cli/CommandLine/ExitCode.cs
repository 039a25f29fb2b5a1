namespace EmbeddingGrpc.Cli.CommandLine;

/// <summary>What embedctl tells the shell. Scripts depend on these numbers.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Success = 0;

    /// <summary>The command was right but could not be done; the reason is on standard error.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong; nothing was tried.</summary>
    public const int Usage = 2;

    /// <summary>A generation was trained and kept, but does not serve: it is worse than the one that does.</summary>
    public const int Rejected = 3;

    /// <summary>Interrupted with Ctrl-C: 128 + SIGINT, as shells have it.</summary>
    public const int Interrupted = 130;

    /// <summary>The same, for <c>--help</c>.</summary>
    public const string Legend = "Exit codes: 0 done, 1 failed (the reason is on standard error), 2 wrong command line, 3 trained and not promoted, 130 interrupted.";
}
