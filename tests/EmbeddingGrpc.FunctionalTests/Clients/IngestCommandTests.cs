using System.Diagnostics;
using System.Text.Json;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.FunctionalTests.Harness;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmbeddingGrpc.FunctionalTests.Clients;

/// <summary><c>embedctl ingest</c> as a process that is killed on its way, and given again.</summary>
public sealed class IngestCommandTests : IDisposable
{
    private const int Rows = 400_000;
    private const long Time = 1_600_000_000;

    private readonly TemporaryDirectory _data = new();
    private readonly TemporaryDirectory _files = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _data.Dispose();
        _files.Dispose();
    }

    [Fact]
    public async Task Ingest_KilledOnItsWayAndGivenAgain_HasEveryRowOnceAndInOrder()
    {
        var file = _files.File("events.csv");
        await File.WriteAllLinesAsync(file, Enumerable.Range(0, Rows).Select(row => $"visitor-{row % 997},item-{row % 211},{Time + row},click").Prepend("visitorid,itemid,timestamp,event"), Cancel);
        await using (var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel))
        {
            string[] line =
            [
                "ingest", "--format", "csv", "--columns", "user=visitorid,item=itemid,time=timestamp,type=event", file, "--json", "--address", daemon.GrpcAddress.ToString(),
            ];
            using (var first = Process.Start(new ProcessStartInfo(Build.CommandLineExecutable, line) { RedirectStandardOutput = true, RedirectStandardError = true })!)
            {
                await Eventually.TrueAsync("some of it is durable", async () => (await daemon.GetModelAsync(Cancel)).DurableOffset > 1000, Cancel);
                first.Kill();
                await first.WaitForExitAsync(Cancel);
            }

            var before = (await daemon.GetModelAsync(Cancel)).DurableOffset;
            Assert.InRange(before, 1000UL, (ulong)Rows - 1);
            var second = await ProgramRun.RunAsync(Build.CommandLineExecutable, line, Cancel);
            Assert.True(second.ExitCode == 0, second.Errors);
            using var summary = JsonDocument.Parse(second.Output);
            Assert.Equal(Rows, summary.RootElement.GetProperty("added").GetInt64() + summary.RootElement.GetProperty("already_there").GetInt64());
            Assert.True(summary.RootElement.GetProperty("already_there").GetInt64() >= (long)before);
            await daemon.StopAsync(Cancel);
        }

        await using var log = InteractionLog.Open(_data.File("models", "default", "log"), new EventLogOptions(), TimeProvider.System, NullLogger.Instance);
        var times = log.Scan(new LogOffset(0), log.DurableOffset, Cancel).Select(entry => entry.Interaction.EventTimeMs / 1000 - Time);
        Assert.Equal(Enumerable.Range(0, Rows).Select(row => (long)row), times);
    }
}
