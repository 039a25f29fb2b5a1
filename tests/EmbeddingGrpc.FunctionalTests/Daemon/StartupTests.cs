using EmbeddingGrpc.FunctionalTests.Harness;

namespace EmbeddingGrpc.FunctionalTests.Daemon;

/// <summary>A daemon that cannot start says why in one line and ends with a code that tells a supervisor what kind of fault it is.</summary>
public sealed class StartupTests : IDisposable
{
    private const int BadSetting = 2;
    private const int BadDataDirectory = 3;
    private const int BadPort = 4;

    private readonly TemporaryDirectory _data = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Start_WithDefaults_WarnsOfNothing()
    {
        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel);
        await Eventually.TrueAsync("the log says that it listens", () => daemon.Output.Contains("listens", StringComparison.Ordinal), Cancel);
        Assert.DoesNotMatch("(?m) (warn|fail|crit): ", daemon.Output);
    }

    [Theory]
    [InlineData("--EmbeddingGrpc:GrpcPort=70000", "GrpcPort")]
    [InlineData("--EmbeddingGrpc:GrpcPort=many", "GrpcPort")]
    [InlineData("--EmbeddingGrpc:Listen=here", "Listen")]
    [InlineData("--EmbeddingGrpc:GrcpPort=1", "GrcpPort")]
    [InlineData("--EmbeddingGrpc:Model:Training:Dimension=1", "Dimension")]
    [InlineData("--EmbeddingGrpc:Model:Training:Dimensions=64", "Dimensions")]
    [InlineData("--EmbeddingGrpc:Model:Training:Epochs=0", "Epochs")]
    [InlineData("--EmbeddingGrpc:Model:Index:M=1", "M")]
    [InlineData("--EmbeddingGrpc:Model:SessionGap=soon", "SessionGap")]
    [InlineData("--EmbeddingGrpc:Redis:TimeToLive=0", "TimeToLive")]
    [InlineData("--EmbeddingGrpc:Redis:Configuration=redis:6379,retries=many", "Redis:Configuration")]
    public async Task Start_WithAnUnsupportedSetting_NamesItAndEnds(string setting, string named)
    {
        var run = await DaemonProcess.RunAsync(_data.FullPath, Cancel, setting);
        Assert.Equal(BadSetting, run.ExitCode);
        Assert.StartsWith("The daemon did not start.", run.Errors, StringComparison.Ordinal);
        Assert.Contains(named, run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_ToldToStopMeanwhile_EndsWithoutAComplaint()
    {
        const int ByTheSignal = 128 + 15;
        // Whatever it is doing by then: reading settings, opening its model, starting the servers, or all of that done.
        for (var after = 100; after <= 1300; after += 100)
        {
            var (exitCode, output) = await DaemonProcess.TerminateDuringStartAsync(_data.FullPath, TimeSpan.FromMilliseconds(after));
            Assert.True(exitCode is 0 or ByTheSignal, $"{exitCode} after {after} ms: {output}");
            Assert.DoesNotMatch("(?m) (warn|fail|crit): |Unhandled|   at ", output);
        }
    }

    [Fact]
    public async Task Start_OnTheDirectoryOfARunningDaemon_IsRefusedByName()
    {
        await using var first = await DaemonProcess.StartAsync(_data.FullPath, Cancel);
        var second = await DaemonProcess.RunAsync(_data.FullPath, Cancel);

        Assert.Equal(BadDataDirectory, second.ExitCode);
        Assert.Contains(_data.FullPath, second.Errors, StringComparison.Ordinal);
        Assert.Contains($"process {first.Id}", second.Errors, StringComparison.Ordinal);
        Assert.True(await first.ReadyAsync("EventService", Cancel), first.Output);
    }

    [Fact]
    public async Task Start_OnTheDirectoryOfAKilledDaemon_TakesItOver()
    {
        await using (var first = await DaemonProcess.StartAsync(_data.FullPath, Cancel)) await first.KillAsync();
        await using var second = await DaemonProcess.StartAsync(_data.FullPath, Cancel);
        Assert.True(await second.ReadyAsync("EventService", Cancel), second.Output);
    }

    [Fact]
    public async Task Start_WithAFileInPlaceOfTheDirectory_SaysWhich()
    {
        var file = _data.File("taken");
        await File.WriteAllTextAsync(file, "not a directory", Cancel);
        var run = await DaemonProcess.RunAsync(file, Cancel);
        Assert.Equal(BadDataDirectory, run.ExitCode);
        Assert.Contains(file, run.Errors, StringComparison.Ordinal);
        Assert.Contains("--DataDirectory", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_OnATakenPort_SaysWhichAndHowToChooseAnother()
    {
        await using var first = await DaemonProcess.StartAsync(_data.File("first"), Cancel);
        var run = await DaemonProcess.RunAsync(_data.File("second"), Cancel, $"--EmbeddingGrpc:GrpcPort={first.GrpcAddress.Port}");
        Assert.Equal(BadPort, run.ExitCode);
        Assert.Contains($"{first.GrpcAddress.Port}", run.Errors, StringComparison.Ordinal);
        Assert.Contains("--GrpcPort", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_OnPortsLeftToTheSystem_LogsWhereItListens()
    {
        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel);
        await Eventually.TrueAsync(
            "the log tells both addresses",
            () => daemon.Output.Contains(daemon.GrpcAddress.Authority, StringComparison.Ordinal) && daemon.Output.Contains(daemon.HttpAddress.Authority, StringComparison.Ordinal),
            Cancel);
    }
}
