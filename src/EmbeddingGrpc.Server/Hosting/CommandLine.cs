namespace EmbeddingGrpc.Server.Hosting;

/// <summary>Short forms of the settings that are given most: <c>--GrpcPort 0</c> stands for <c>--EmbeddingGrpc:GrpcPort=0</c>.</summary>
public static class CommandLine
{
    /// <summary>Short switch to configuration key; case does not matter.</summary>
    public static IDictionary<string, string> SwitchMappings { get; } =
        new[] { nameof(DaemonOptions.Listen), nameof(DaemonOptions.DataDirectory), nameof(DaemonOptions.GrpcPort), nameof(DaemonOptions.HttpPort) }
            .ToDictionary(name => $"--{name}", name => $"{DaemonOptions.Section}:{name}", StringComparer.OrdinalIgnoreCase);
}
