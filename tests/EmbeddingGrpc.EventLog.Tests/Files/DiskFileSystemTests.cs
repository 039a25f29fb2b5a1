using EmbeddingGrpc.EventLog.Files;
using static EmbeddingGrpc.EventLog.Tests.LogSamples;

namespace EmbeddingGrpc.EventLog.Tests.Files;

/// <summary>What only the real disk can show.</summary>
public sealed class DiskFileSystemTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("eventlog-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Append_OnARealDisk_ReadsBackAfterReopening()
    {
        var nested = Path.Combine(_directory, "a", "b", "log");
        await using (var log = OpenLog(DiskFileSystem.Instance, directory: nested)) await AppendSamplesAsync(log, 0, 20_000, batch: 2000);
        await using var reopened = OpenLog(DiskFileSystem.Instance, directory: nested);
        AssertSame(Samples(0, 20_000), ReadAll(reopened));
        Assert.True(Directory.GetFiles(nested, "*.log").Length > 1);
    }

    [Fact]
    public async Task Open_WhileAnotherHasIt_IsRefusedWithTheDirectory()
    {
        await using var log = OpenLog(DiskFileSystem.Instance, directory: _directory);
        var refusal = Assert.Throws<LogUnavailableException>(() => OpenLog(DiskFileSystem.Instance, directory: _directory));
        Assert.Contains(_directory, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("in use", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_AfterDispose_IsAllowedAgain()
    {
        await OpenLog(DiskFileSystem.Instance, directory: _directory).DisposeAsync();
        await using var again = OpenLog(DiskFileSystem.Instance, directory: _directory);
        Assert.Equal(1, (await again.AppendAsync(Batch(0, 1), Cancellation)).Appended);
    }

    [Fact]
    public void Open_WhereAFileHasTheDirectorysName_SaysWhich()
    {
        var path = Path.Combine(_directory, "occupied");
        File.WriteAllText(path, "");
        var refusal = Assert.Throws<LogUnavailableException>(() => OpenLog(DiskFileSystem.Instance, directory: path));
        Assert.Contains(path, refusal.Message, StringComparison.Ordinal);
        Assert.False(refusal.RetryMayHelp);
    }

    [Fact]
    public void SyncDirectory_OfOneThatIsMissing_Throws() =>
        Assert.Throws<IOException>(() => DiskFileSystem.Instance.SyncDirectory(Path.Combine(_directory, "missing")));
}
