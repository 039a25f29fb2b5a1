using System.Text.Json;
using EmbeddingGrpc.FunctionalTests.Harness;

namespace EmbeddingGrpc.FunctionalTests.Daemon;

/// <summary>What the log looks like to whoever collects it, and that its levels follow a file while the daemon runs.</summary>
public sealed class LoggingTests : IDisposable
{
    private readonly TemporaryDirectory _data = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Format_Json_IsOneObjectALine()
    {
        // As the chart sets it.
        var environment = new Dictionary<string, string> { ["Logging__Console__FormatterName"] = "json" };
        await using var daemon = await DaemonProcess.StartAsync(_data.File("data"), environment, Cancel);
        await Eventually.TrueAsync("the log says that it listens", () => daemon.Output.Contains("listens", StringComparison.Ordinal), Cancel);
        await daemon.StopAsync(Cancel);
        var lines = daemon.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, line =>
        {
            using var entry = JsonDocument.Parse(line);
            Assert.All(new[] { "Timestamp", "EventId", "LogLevel", "Category", "Message" }, name => Assert.True(entry.RootElement.TryGetProperty(name, out _), line));
        });
    }

    [Fact]
    public async Task Format_Unknown_IsRefusedByName()
    {
        var run = await DaemonProcess.RunAsync(_data.File("data"), Cancel, "--Logging:Console:FormatterName=jsn");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("'jsn' is none of simple, json, systemd", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Levels_ChangedInTheFile_AreFollowedWithoutARestart()
    {
        var file = _data.File("logging.json");
        await File.WriteAllTextAsync(file, """{"Logging": {"LogLevel": {"Default": "Warning"}}}""", Cancel);
        await using var daemon = await DaemonProcess.StartAsync(_data.File("data"), Cancel, $"--EmbeddingGrpc:LoggingFile={file}");
        await daemon.GetModelAsync(Cancel);
        Assert.Equal("", daemon.Output);

        await File.WriteAllTextAsync(file, """{"Logging": {"LogLevel": {"Default": "Debug", "Microsoft": "Debug"}}}""", Cancel);
        await Eventually.TrueAsync(
            "calls are logged",
            async () =>
            {
                await daemon.GetModelAsync(Cancel);
                return daemon.Output.Contains("Microsoft.AspNetCore", StringComparison.Ordinal);
            },
            Cancel);
    }
}
