using EmbeddingGrpc.Server.Hosting;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Training;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace EmbeddingGrpc.Server.Tests.Hosting;

public sealed class SettingsTests
{
    [Theory]
    [InlineData("GrpcPort", "70000")]
    [InlineData("HttpPort", "-1")]
    [InlineData("Listen", "localhost")]
    [InlineData("Listen", "")]
    [InlineData("DataDirectory", "")]
    [InlineData("MaximumMessageBytes", "1")]
    [InlineData("ShutdownTimeout", "00:00:00")]
    public async Task Start_SettingOutOfBounds_IsRefusedByName(string name, string value)
    {
        var refusal = await Assert.ThrowsAsync<OptionsValidationException>(() => TestDaemon.StartAsync(args: [$"--EmbeddingGrpc:{name}={value}"]));
        Assert.Contains(refusal.Failures, failure => failure.Contains(name, StringComparison.Ordinal));
        Assert.Equal(2, StartFailure.Of(refusal)!.ExitCode);
    }

    [Theory]
    [InlineData("StreamReadAhead", "1")]
    [InlineData("AppendWaitBudget", "00:00:00")]
    [InlineData("DrainTimeout", "-00:00:01")]
    public async Task Start_IngestSettingOutOfBounds_IsRefusedByName(string name, string value)
    {
        var refusal = await Assert.ThrowsAsync<OptionsValidationException>(() => TestDaemon.StartAsync(args: [$"--EmbeddingGrpc:Ingest:{name}={value}"]));
        Assert.Contains(refusal.Failures, failure => failure.Contains(name, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--GrpcPort=abc", "GrpcPort")]
    [InlineData("--EmbeddingGrpc:Ingest:DrainTimeout=soon", "DrainTimeout")]
    [InlineData("--EmbeddingGrpc:Ingest:DrainTimeOut2=1", "DrainTimeOut2")]
    public async Task Start_SettingThatCannotBeRead_IsRefusedByName(string argument, string name)
    {
        var refusal = await Assert.ThrowsAnyAsync<Exception>(() => TestDaemon.StartAsync(args: [argument]));
        var failure = StartFailure.Of(refusal);
        Assert.NotNull(failure);
        Assert.Equal(2, failure.ExitCode);
        Assert.Contains(name, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--GrpPort=1", "GrpPort")]
    [InlineData("--EmbeddingGrpc:GrpPort=1", "EmbeddingGrpc:GrpPort")]
    [InlineData("--EmbeddingGrpc:Ingst:DrainTimeout=1", "EmbeddingGrpc:Ingst")]
    public void Build_SettingThatDoesNotExist_IsRefusedByName(string argument, string name)
    {
        var refusal = Assert.Throws<InvalidSettingException>(() => DaemonHost.Build([argument]));
        Assert.Contains($"'{name}'", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(2, StartFailure.Of(refusal)!.ExitCode);
    }

    [Fact]
    public async Task Start_Preset_StandsBelowTheModelsOtherSettings()
    {
        await using var daemon = await TestDaemon.StartAsync(args: ["--EmbeddingGrpc:Model:Preset=word2vec", "--EmbeddingGrpc:Model:Training:Window=7"]);

        var options = daemon.Services.GetRequiredService<ModelOptions>();

        Assert.Equal(TrainingPreset.Word2vec, options.Preset);
        Assert.Equal(TrainingOptions.Word2vec with { Window = 7 }, options.Training);
    }

    [Fact]
    public async Task Start_PresetThatDoesNotExist_IsRefusedByName()
    {
        var refusal = await Assert.ThrowsAnyAsync<Exception>(() => TestDaemon.StartAsync(args: ["--EmbeddingGrpc:Model:Preset=glove"]));
        Assert.Contains("Preset", StartFailure.Of(refusal)!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Build_ShortAndLongSwitches_MeanTheSame()
    {
        await using var daemon = DaemonHost.Build(["--GrpcPort", "1", "--httpport=2", "--EmbeddingGrpc:Listen=0.0.0.0", "--DataDirectory", "/d"]);
        var options = daemon.Services.GetRequiredService<DaemonOptions>();
        Assert.Equal((1, 2, "0.0.0.0", "/d"), (options.GrpcPort, options.HttpPort, options.Listen, options.DataDirectory));
    }

    [Fact]
    public async Task Build_NothingGiven_HasTheDocumentedDefaults()
    {
        await using var daemon = DaemonHost.Build([]);
        var options = daemon.Services.GetRequiredService<DaemonOptions>();
        Assert.Equal(("127.0.0.1", "./data", 50051, 8080), (options.Listen, options.DataDirectory, options.GrpcPort, options.HttpPort));
        Assert.Equal(TimeSpan.FromDays(1), daemon.Services.GetRequiredService<IngestOptions>().FutureTolerance);
    }

    [Fact]
    public async Task Build_CommandLineAndLowerSource_CommandLineWins()
    {
        // Environment variables are read once at the process's start; what an earlier source says stands in for them here.
        await using var daemon = DaemonHost.Build(
            ["--GrpcPort=7"],
            builder => builder.Configuration.Sources.Insert(
                0,
                new Microsoft.Extensions.Configuration.Memory.MemoryConfigurationSource
                {
                    InitialData = [new("EmbeddingGrpc:GrpcPort", "6"), new("EmbeddingGrpc:HttpPort", "8")],
                }));
        var options = daemon.Services.GetRequiredService<DaemonOptions>();
        Assert.Equal((7, 8), (options.GrpcPort, options.HttpPort));
    }

    [Fact]
    public async Task Start_PortTaken_SaysWhichAndWhatToDo()
    {
        await using var first = await TestDaemon.StartAsync();
        var refusal = await Assert.ThrowsAnyAsync<Exception>(() => TestDaemon.StartAsync(args: [$"--GrpcPort={first.Addresses.GrpcPort}"]));
        var failure = StartFailure.Of(refusal);
        Assert.NotNull(failure);
        Assert.Equal(4, failure.ExitCode);
        Assert.Contains($"{first.Addresses.GrpcPort}", failure.Message, StringComparison.Ordinal);
        Assert.Contains("--GrpcPort", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_DefectOfTheProgram_IsNotDescribedAway() => Assert.Null(StartFailure.Of(new ArgumentException("a mistake")));
}
