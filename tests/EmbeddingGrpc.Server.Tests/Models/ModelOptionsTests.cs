using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace EmbeddingGrpc.Server.Tests.Models;

public sealed class ModelOptionsTests
{
    [Fact]
    public void Validate_Defaults_AreValid() => Assert.True(new ModelOptionsValidator().Validate(null, new ModelOptions()).Succeeded);

    [Theory]
    [InlineData("SessionGap=00:00:00", "SessionGap")]
    [InlineData("HistoryLength=0", "HistoryLength")]
    [InlineData("KeepGenerations=0", "KeepGenerations")]
    [InlineData("TrainingNiceness=20", "TrainingNiceness")]
    [InlineData("Training:Dimension=1", "Dimension")]
    [InlineData("Training:LearningRate=NaN", "LearningRate")]
    [InlineData("Index:M=1", "M")]
    [InlineData("Log:SegmentSizeBytes=1", "SegmentSizeBytes")]
    public async Task Start_OptionOutOfBounds_IsRefusedByName(string setting, string named)
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => TestDaemon.StartAsync(args: [$"--EmbeddingGrpc:Model:{setting}"]));

        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Trainning:Dimension=64", "Trainning")]
    [InlineData("Training:Dimensions=64", "Dimensions")]
    [InlineData("TrainOn:Buy=true", "Buy")]
    public async Task Start_UnknownOption_IsRefusedByName(string setting, string named)
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => TestDaemon.StartAsync(args: [$"--EmbeddingGrpc:Model:{setting}"]));

        Assert.Contains($"'{named}'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_Options_ReachTheDefaultModel()
    {
        await using var daemon = await TestDaemon.StartAsync(
            args: ["--EmbeddingGrpc:Model:SessionGap=01:00:00", "--EmbeddingGrpc:Model:Training:Dimension=32", "--EmbeddingGrpc:Model:TrainOn:Dislike=true"]);

        var options = daemon.Services.GetRequiredService<ModelRegistry>().Get("").Options;

        Assert.Equal(TimeSpan.FromHours(1), options.SessionGap);
        Assert.Equal(32, options.Training.Dimension);
        Assert.Equal(new ModelOptions().Training.Epochs, options.Training.Epochs);
        Assert.True(options.TrainOn.Dislike);
        Assert.True(options.TrainOn.Click);
    }
}
