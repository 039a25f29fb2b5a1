using EmbeddingGrpc.Server.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace EmbeddingGrpc.Server.Tests.Hosting;

public sealed class LoggingFileTests : IDisposable
{
    private const string Category = "EmbeddingGrpc.Server.Models";

    private readonly TemporaryFolder _folder = new();

    private string FilePath => Path.Combine(_folder.FullPath, "logging.json");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Level_OfTheFile_WinsOverTheOtherSettings()
    {
        Write("Trace");
        await using var daemon = await TestDaemon.StartAsync(args: [$"--EmbeddingGrpc:LoggingFile={FilePath}"]);
        Assert.True(Logger(daemon).IsEnabled(LogLevel.Trace));
    }

    [Fact]
    public async Task Level_ChangedWhileTheDaemonRuns_Holds()
    {
        await using var daemon = await TestDaemon.StartAsync(args: [$"--EmbeddingGrpc:LoggingFile={FilePath}"]);
        Assert.False(Logger(daemon).IsEnabled(LogLevel.Debug));

        await ChangeAsync(daemon, () => Write("Debug"), LogLevel.Debug);
        Assert.True(Logger(daemon).IsEnabled(LogLevel.Debug));
    }

    [Fact]
    public async Task Level_FileMalformed_LeavesTheOtherSettingsInForce()
    {
        await File.WriteAllTextAsync(FilePath, "{ not json", TestContext.Current.CancellationToken);
        await using var daemon = await TestDaemon.StartAsync(args: [$"--EmbeddingGrpc:LoggingFile={FilePath}"]);
        Assert.True(Logger(daemon).IsEnabled(LogLevel.Warning));
        Assert.False(Logger(daemon).IsEnabled(LogLevel.Information));

        await ChangeAsync(daemon, () => Write("Information"), LogLevel.Information);
        Assert.True(Logger(daemon).IsEnabled(LogLevel.Information));
    }

    [Fact]
    public async Task Start_FolderThatDoesNotExist_IsRefusedByName()
    {
        var refusal = await Assert.ThrowsAsync<InvalidSettingException>(
            () => TestDaemon.StartAsync(args: [$"--EmbeddingGrpc:LoggingFile={Path.Combine(_folder.FullPath, "nowhere", "logging.json")}"]));
        Assert.Contains("LoggingFile", refusal.Message, StringComparison.Ordinal);
    }

    private static ILogger Logger(TestDaemon daemon) => daemon.Services.GetRequiredService<ILoggerFactory>().CreateLogger(Category);

    // The change is told by the options: no look at a clock, only the time that the poll of the file takes.
    private static async Task ChangeAsync(TestDaemon daemon, Action change, LogLevel wanted)
    {
        var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var options = daemon.Services.GetRequiredService<IOptionsMonitor<LoggerFilterOptions>>();
        using var subscription = options.OnChange(filters =>
        {
            if (filters.Rules.Any(rule => rule.LogLevel == wanted && rule.CategoryName is null)) changed.TrySetResult();
        });
        change();
        await changed.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
    }

    private void Write(string level) => File.WriteAllText(FilePath, $$"""{ "Logging": { "LogLevel": { "Default": "{{level}}" } } }""");
}
