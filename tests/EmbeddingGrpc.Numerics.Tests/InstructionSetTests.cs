using System.Diagnostics;
using System.Globalization;
using System.Runtime.Intrinsics;
using EmbeddingGrpc.Numerics.Kernels;

namespace EmbeddingGrpc.Numerics.Tests;

/// <summary>Runs the kernels' tests again in processes of their own where wider registers are switched off.</summary>
public sealed class InstructionSetTests
{
    private const string ExpectedWidth = "EMBEDDINGGRPC_TESTS_EXPECTED_WIDTH";

    private static readonly Type[] KernelTests = [typeof(InstructionSetTests), typeof(PairBlockTests), typeof(Kernels.SigmoidKernelTests)];

    [Fact]
    public void Lanes_InThisProcess_AreTheWidestThatItHas()
    {
        int widest = Lanes512.IsSupported ? Lanes512.Width : Lanes256.IsSupported ? Lanes256.Width : LanesScalar.Width;
        string? expected = Environment.GetEnvironmentVariable(ExpectedWidth);
        if (expected is null)
        {
            Assert.Equal(Vector512.IsHardwareAccelerated, Lanes512.IsSupported);
            return;
        }

        // A switch that the runtime does not know would leave everything on, and the leg would test nothing.
        Assert.Equal(int.Parse(expected, CultureInfo.InvariantCulture), widest);
        Assert.False(Vector512.IsHardwareAccelerated);
        Assert.Equal(widest > 1, Vector256.IsHardwareAccelerated);
    }

    [Theory]
    [InlineData("DOTNET_EnableAVX512", 8)]
    [InlineData("DOTNET_EnableAVX2", 1)]
    [InlineData("DOTNET_EnableHWIntrinsic", 1)]
    public async Task KernelTests_WithoutAnInstructionSet_Pass(string off, int width)
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable(ExpectedWidth) is not null, "This is such a process already.");
        Assert.SkipUnless(Lanes256.IsSupported, "There is nothing to switch off on this processor.");
        var start = new ProcessStartInfo { RedirectStandardOutput = true, RedirectStandardError = true };
        string program = Environment.ProcessPath!;
        start.FileName = program;
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
        {
            start.ArgumentList.Add("exec");
            start.ArgumentList.Add(typeof(InstructionSetTests).Assembly.Location);
        }

        start.ArgumentList.Add("--filter-class");
        foreach (var tests in KernelTests)
        {
            start.ArgumentList.Add(tests.FullName!);
        }

        // The child is a run of its own, not a part of the one that `dotnet test` talks to.
        foreach (string inherited in start.Environment.Keys.Where(name => name.StartsWith("TESTINGPLATFORM_", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(inherited);
        }

        start.Environment[off] = "0";
        start.Environment[ExpectedWidth] = width.ToString(CultureInfo.InvariantCulture);
        using var child = Process.Start(start)!;
        var cancellationToken = TestContext.Current.CancellationToken;
        try
        {
            var errors = child.StandardError.ReadToEndAsync(cancellationToken);
            string output = await child.StandardOutput.ReadToEndAsync(cancellationToken);
            await child.WaitForExitAsync(cancellationToken);
            Assert.True(child.ExitCode == 0, $"{off}=0: exit code {child.ExitCode}\n{output}\n{await errors}");
        }
        finally
        {
            if (!child.HasExited)
            {
                child.Kill(entireProcessTree: true);
            }
        }
    }
}
