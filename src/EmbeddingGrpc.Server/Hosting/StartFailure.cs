using Microsoft.Extensions.Options;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>Why the daemon did not start, in words for whoever started it, and the exit code that tells a supervisor apart.</summary>
/// <param name="ExitCode">2: a setting is wrong. 3: the data directory cannot be used. 4: a port cannot be bound.</param>
/// <param name="Message">What is wrong and how to right it.</param>
public sealed record StartFailure(int ExitCode, string Message)
{
    private const int BadSetting = 2;
    private const int BadDataDirectory = 3;
    private const int BadPort = 4;

    /// <summary>Describes a failure that the operator can right.</summary>
    /// <returns>Null for any other: then the stack trace is needed.</returns>
    public static StartFailure? Of(Exception failure) => failure switch
    {
        InvalidSettingException e => new StartFailure(BadSetting, e.Message),
        OptionsValidationException e => new StartFailure(BadSetting, string.Join(Environment.NewLine, e.Failures)),
        // How the configuration binder says that a value cannot be read or that a key is unknown; it has no exception of its own.
        InvalidOperationException { Source: "Microsoft.Extensions.Configuration.Binder" } e => new StartFailure(BadSetting, e.Message),
        FormatException { Source: "Microsoft.Extensions.Configuration.CommandLine" } e => new StartFailure(BadSetting, e.Message),
        DataDirectoryException e => new StartFailure(BadDataDirectory, e.Message),
        IOException e when e.Message.StartsWith("Failed to bind", StringComparison.Ordinal) => PortFailure(e.Message),
        System.Net.Sockets.SocketException e => PortFailure(e.Message),
        AggregateException { InnerExceptions: [var only] } => Of(only),
        _ => null,
    };

    private static StartFailure PortFailure(string message) =>
        new(BadPort, $"{message} Choose another with --GrpcPort or --HttpPort (0 for any free one), or another address with --Listen.");
}
