using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>Refuses settings that nobody reads: a misspelled one would otherwise leave a default in force without a word.</summary>
internal static class SettingNames
{
    private static readonly string[] Sections = ["Model", "Recall", "Redis", IngestOptions.Section];

    private const string OpenTelemetry = "OTEL_";

    // What the framework reads from the command line, and the section of Redis that may also stand at the top.
    private static readonly string[] TopLevel = [DaemonOptions.Section, "Redis", "Logging", "Kestrel", "environment"];

    /// <exception cref="InvalidSettingException">A setting does not exist.</exception>
    public static void Check(IConfigurationSection daemon, string[] args)
    {
        var known = typeof(DaemonOptions).GetProperties().Select(property => property.Name).Where(name => name != "EqualityContract").Concat(Sections).ToArray();
        Require(daemon.GetChildren(), known, prefix: DaemonOptions.Section + ":", known);
        var commandLine = new ConfigurationBuilder().AddCommandLine(args, CommandLine.SwitchMappings).Build();
        Require(commandLine.GetChildren().Where(setting => !setting.Key.StartsWith(OpenTelemetry, StringComparison.Ordinal)), TopLevel, prefix: string.Empty, [.. CommandLine.SwitchMappings.Keys, .. known.Select(name => $"--{DaemonOptions.Section}:{name}")]);
    }

    private static void Require(IEnumerable<IConfigurationSection> given, string[] known, string prefix, string[] told)
    {
        foreach (var setting in given)
        {
            if (known.Contains(setting.Key, StringComparer.OrdinalIgnoreCase)) continue;
            throw new InvalidSettingException($"There is no setting '{prefix}{setting.Key}'. Known: {string.Join(", ", told)}.");
        }
    }
}
