using EmbeddingGrpc.FunctionalTests.Harness;

namespace EmbeddingGrpc.FunctionalTests.Protos;

/// <summary>What was released of the API stays; what is added may be added.</summary>
public sealed class ReleasedApiTests : IDisposable
{
    private const string Events = "embeddinggrpc/v1/events.proto";

    private static readonly string Released = Path.Combine(Build.RepositoryRoot, "protos", "released.binpb");

    private readonly TemporaryDirectory _copy = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ReleasedApiTests()
    {
        var protos = Path.Combine(Build.RepositoryRoot, "protos");
        foreach (var path in Directory.EnumerateFiles(protos, "*", SearchOption.AllDirectories).Where(path => Path.GetExtension(path) is ".proto" or ".yaml"))
        {
            var copy = Path.Combine(_copy.FullPath, Path.GetRelativePath(protos, path));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(path, copy);
        }
    }

    public void Dispose() => _copy.Dispose();

    [Fact]
    public async Task Api_AsItIs_BreaksNothing()
    {
        var run = await CompareAsync();
        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
    }

    [Fact]
    public async Task Api_WithAnAddition_BreaksNothing()
    {
        Edit("uint64 log_offset = 5;", "uint64 log_offset = 5; string note = 1000;");
        var run = await CompareAsync();
        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
    }

    [Theory]
    [InlineData("uint64 log_offset = 5;", "uint64 log_offset = 1000;", "log_offset")]
    [InlineData("uint64 log_offset = 5;", "string log_offset = 5;", "log_offset")]
    [InlineData("uint64 log_offset = 5;", "", "log_offset")]
    [InlineData("rpc AppendEvents(", "rpc Append(", "AppendEvents")]
    [InlineData("INTERACTION_TYPE_LIKE = 6;", "INTERACTION_TYPE_LIKE = 60;", "InteractionType")]
    public async Task Api_WithWhatWasReleasedChanged_IsRefusedByName(string old, string changed, string name)
    {
        Edit(old, changed);
        var run = await CompareAsync();
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains(name, run.Output + run.Errors, StringComparison.Ordinal);
    }

    private void Edit(string old, string changed)
    {
        var path = _copy.File(Events.Split('/'));
        var text = File.ReadAllText(path);
        Assert.Contains(old, text, StringComparison.Ordinal);
        var at = text.IndexOf(old, StringComparison.Ordinal);
        File.WriteAllText(path, string.Concat(text.AsSpan(0, at), changed, text.AsSpan(at + old.Length)));
    }

    private Task<ProgramRun> CompareAsync() =>
        ProgramRun.RunAsync(InstalledProgram.Require("buf"), ["breaking", _copy.FullPath, "--against", Released], Cancel);
}
