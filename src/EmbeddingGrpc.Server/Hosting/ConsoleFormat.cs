using Microsoft.Extensions.Logging.Console;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>Lets <c>Logging:Console:FormatterName</c> choose how lines of the log look: <c>simple</c>, <c>json</c> for a log pipeline, or <c>systemd</c>.</summary>
internal static class ConsoleFormat
{
    private const string Setting = "Logging:Console:FormatterName";

    private static readonly string[] Names = [ConsoleFormatterNames.Simple, ConsoleFormatterNames.Json, ConsoleFormatterNames.Systemd];

    /// <summary>Obeys the setting: the slim host fixes the format before anyone is asked.</summary>
    /// <exception cref="InvalidSettingException">There is no such format.</exception>
    public static void Obey(WebApplicationBuilder builder)
    {
        if (builder.Configuration[Setting] is not { Length: > 0 } name) return;
        if (!Names.Contains(name, StringComparer.OrdinalIgnoreCase)) throw new InvalidSettingException($"{Setting}: '{name}' is none of {string.Join(", ", Names)}.");
        builder.Services.PostConfigure<ConsoleLoggerOptions>(console => console.FormatterName = name.ToLowerInvariant());
    }
}
