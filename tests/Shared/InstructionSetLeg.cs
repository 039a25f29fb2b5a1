using System.Diagnostics;
using System.Globalization;
using System.Runtime.Intrinsics;

namespace EmbeddingGrpc.Tests;

/// <summary>Tests that run again in a process of their own where wider registers are switched off. Compiled into each project that has such tests. Stateless.</summary>
internal static class InstructionSetLeg
{
    private const string ExpectedWidth = "EMBEDDINGGRPC_TESTS_EXPECTED_WIDTH";

    /// <summary>Floats of the widest registers that such a process may use; null in the process that starts them.</summary>
    public static int? Width =>
        Environment.GetEnvironmentVariable(ExpectedWidth) is { } width ? int.Parse(width, CultureInfo.InvariantCulture) : null;

    /// <summary>A switch that the runtime does not know would leave everything on, and the leg would test nothing.</summary>
    public static void AssertSwitchedOff(int width)
    {
        Assert.False(Vector512.IsHardwareAccelerated);
        Assert.Equal(width > 1, Vector256.IsHardwareAccelerated);
    }

    /// <summary>Runs some of this program's tests and fails with what they say.</summary>
    /// <param name="off">The runtime's variable that is set to 0.</param>
    /// <param name="width">What is then the widest.</param>
    /// <param name="filter">Which tests, as the test platform's command line names them.</param>
    public static async Task RunAsync(string off, int width, params IEnumerable<string> filter)
    {
        Assert.SkipWhen(Width is not null, "This is such a process already.");
        Assert.SkipUnless(Vector256.IsHardwareAccelerated, "There is nothing to switch off on this processor.");
        var start = new ProcessStartInfo { RedirectStandardOutput = true, RedirectStandardError = true };
        string program = Environment.ProcessPath!;
        start.FileName = program;
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
        {
            start.ArgumentList.Add("exec");
            start.ArgumentList.Add(typeof(InstructionSetLeg).Assembly.Location);
        }

        foreach (string argument in filter)
        {
            start.ArgumentList.Add(argument);
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
