using System.Text.Json;
using EmbeddingGrpc.Cli.CommandLine;

namespace EmbeddingGrpc.Cli.Tests.Commands;

/// <summary>What a training tells of its phases.</summary>
public sealed class TrainCommandTests(DaemonFixture daemon) : IClassFixture<DaemonFixture>
{
    [Fact]
    public async Task Train_AgainstWhatServes_TellsTheSecondsOfEachPhase()
    {
        var model = await daemon.CreateTrainedModelAsync("train-phases");

        var run = await daemon.RunAsync("train", "--model", model, "--json");

        Assert.Equal(ExitCode.Success, run.ExitCode);
        using var document = JsonDocument.Parse(run.Output);
        var phases = document.RootElement.GetProperty("phase_seconds").EnumerateObject().ToDictionary(phase => phase.Name, phase => phase.Value.GetDouble());
        Assert.All(new[] { "read", "train", "index", "write", "swap" }, phase => Assert.True(phases[phase] > 0, phase));
        Assert.InRange(phases.Values.Sum(), 0, document.RootElement.GetProperty("elapsed_seconds").GetDouble());
        Assert.Matches(@"(?m)^let it serve: \d+\.\d\d s$", run.Error);
    }
}
