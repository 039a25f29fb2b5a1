using System.Runtime.Intrinsics;
using EmbeddingGrpc.Numerics.Kernels;
using EmbeddingGrpc.Tests;

namespace EmbeddingGrpc.Numerics.Tests;

/// <summary>Runs the kernels' tests again in processes of their own where wider registers are switched off.</summary>
public sealed class InstructionSetTests
{
    private static readonly Type[] KernelTests = [typeof(InstructionSetTests), typeof(PairBlockTests), typeof(Kernels.SigmoidKernelTests)];

    [Fact]
    public void Lanes_InThisProcess_AreTheWidestThatItHas()
    {
        int widest = Lanes512.IsSupported ? Lanes512.Width : Lanes256.IsSupported ? Lanes256.Width : LanesScalar.Width;
        if (InstructionSetLeg.Width is not { } expected)
        {
            Assert.Equal(Vector512.IsHardwareAccelerated, Lanes512.IsSupported);
            return;
        }

        Assert.Equal(expected, widest);
        InstructionSetLeg.AssertSwitchedOff(widest);
    }

    [Theory]
    [InlineData("DOTNET_EnableAVX512", 8)]
    [InlineData("DOTNET_EnableAVX2", 1)]
    [InlineData("DOTNET_EnableHWIntrinsic", 1)]
    public Task KernelTests_WithoutAnInstructionSet_Pass(string off, int width) =>
        InstructionSetLeg.RunAsync(off, width, ["--filter-class", .. KernelTests.Select(tests => tests.FullName!)]);
}
