using System.Runtime.Intrinsics;
using EmbeddingGrpc.Tests;
using EmbeddingGrpc.Training.Tests.Objectives;

namespace EmbeddingGrpc.Training.Tests;

/// <summary>
/// Runs again in processes of their own, where wider registers are switched off, what says that training is right: every objective against its reference and
/// its numerical gradient, clusters that are found again, and the same bits twice.
/// </summary>
public sealed class InstructionSetTests
{
    private static readonly string[] TrainingTests =
    [
        $"{typeof(InstructionSetTests).FullName}.{nameof(Registers_InThisProcess_AreWhatItSays)}",
        $"{typeof(ObjectiveTests).FullName}.{nameof(ObjectiveTests.Reference_Gradient_IsThatOfItsLoss)}",
        $"{typeof(ObjectiveTests).FullName}.{nameof(ObjectiveTests.Train_OneBlock_AgreesWithTheReference)}",
        $"{typeof(EmbeddingTrainerTests).FullName}.{nameof(EmbeddingTrainerTests.Train_PlantedClusters_AreRecovered)}",
        $"{typeof(EmbeddingTrainerTests).FullName}.{nameof(EmbeddingTrainerTests.Train_OneThreadAndASeed_ReproducesBitForBit)}",
    ];

    [Fact]
    public void Registers_InThisProcess_AreWhatItSays()
    {
        if (InstructionSetLeg.Width is { } width) InstructionSetLeg.AssertSwitchedOff(width);
        // Otherwise nothing may be off by mistake: every processor that .NET runs on has these.
        else Assert.True(Vector128.IsHardwareAccelerated);
    }

    [Theory]
    [InlineData("DOTNET_EnableAVX512", 8)]
    [InlineData("DOTNET_EnableAVX2", 1)]
    [InlineData("DOTNET_EnableHWIntrinsic", 1)]
    public Task TrainingTests_WithoutAnInstructionSet_Pass(string off, int width) => InstructionSetLeg.RunAsync(off, width, ["--filter-method", .. TrainingTests]);
}
