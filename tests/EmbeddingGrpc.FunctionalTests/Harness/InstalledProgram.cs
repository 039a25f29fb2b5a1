namespace EmbeddingGrpc.FunctionalTests.Harness;

/// <summary>
/// Programs that a test needs and the SDK does not bring. Where one is missing the test is skipped and says so; with
/// <c>EMBEDDINGGRPC_CI</c> set it fails, so that nothing is skipped where everything is installed.
/// </summary>
internal static class InstalledProgram
{
    private static readonly bool MustRun = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("EMBEDDINGGRPC_CI"));

    /// <returns>The program's full path.</returns>
    public static string Require(string name)
    {
        if (Find(name) is { } path) return path;
        Missing($"'{name}' is not on PATH; .ci/run installs it.");
        return "";
    }

    /// <summary>Ends the test: skipped with a reason, or failed where nothing may be skipped.</summary>
    public static void Missing(string reason)
    {
        if (MustRun) Assert.Fail(reason);
        Assert.Skip(reason);
    }

    private static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
}
