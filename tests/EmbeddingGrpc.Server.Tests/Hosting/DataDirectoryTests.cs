using EmbeddingGrpc.Server.Hosting;

namespace EmbeddingGrpc.Server.Tests.Hosting;

public sealed class DataDirectoryTests
{
    [Fact]
    public async Task Start_DirectoryOfARunningDaemon_IsRefusedByProcess()
    {
        await using var first = await TestDaemon.StartAsync();
        var refusal = await Assert.ThrowsAsync<DataDirectoryException>(() => TestDaemon.StartAsync(first.DataDirectory));

        Assert.Contains("in use by another daemon", refusal.Message, StringComparison.Ordinal);
        Assert.Contains($"process {Environment.ProcessId}", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(first.DataDirectory, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(3, StartFailure.Of(refusal)!.ExitCode);
        // The refusal must not have taken anything from the one that runs.
        Assert.True(File.Exists(Path.Combine(first.DataDirectory, DaemonFile.FileName)));
        Assert.Equal("ok\n", await first.Http.GetStringAsync("/healthz", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Start_AfterTheOtherStopped_TakesTheDirectory()
    {
        using var folder = new TemporaryFolder();
        await using (var first = await TestDaemon.StartAsync(folder.FullPath)) await first.StopAsync();
        await using var second = await TestDaemon.StartAsync(folder.FullPath);
        Assert.Equal("ok\n", await second.Http.GetStringAsync("/healthz", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Start_DirectoryDoesNotExist_IsMade()
    {
        using var folder = new TemporaryFolder();
        var deep = Path.Combine(folder.FullPath, "a", "b");
        await using var daemon = await TestDaemon.StartAsync(deep);
        Assert.True(Directory.Exists(deep));
    }

    [Fact]
    public async Task Start_PathIsAFile_SaysWhichAndWhatToDo()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.FullPath, "file");
        await File.WriteAllTextAsync(file, "x", TestContext.Current.CancellationToken);

        var refusal = await Assert.ThrowsAsync<DataDirectoryException>(() => TestDaemon.StartAsync(file));

        Assert.Contains(file, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("--DataDirectory", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("another daemon", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_DirectoryOfANewerVersion_IsRefusedByNumberAndLeftAlone()
    {
        using var folder = new TemporaryFolder();
        await using (var daemon = await TestDaemon.StartAsync(folder.FullPath)) await daemon.StopAsync();
        var format = Path.Combine(folder.FullPath, "format");
        Assert.Equal("embeddinggrpc-data 1\n", await File.ReadAllTextAsync(format, TestContext.Current.CancellationToken));
        await File.WriteAllTextAsync(format, "embeddinggrpc-data 2\n", TestContext.Current.CancellationToken);

        var refusal = await Assert.ThrowsAsync<DataDirectoryException>(() => TestDaemon.StartAsync(folder.FullPath));

        Assert.Contains("format version 2", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("reads version 1", refusal.Message, StringComparison.Ordinal);
        Assert.Equal("embeddinggrpc-data 2\n", await File.ReadAllTextAsync(format, TestContext.Current.CancellationToken));

        // From before the version was written down.
        File.Delete(format);
        await using var again = await TestDaemon.StartAsync(folder.FullPath);
        Assert.True(File.Exists(format));
    }

    [Fact]
    public async Task Start_FormatThatSaysNothing_IsRefused()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(Path.Combine(folder.FullPath, "format"), "", TestContext.Current.CancellationToken);
        Assert.Contains("does not say", (await Assert.ThrowsAsync<DataDirectoryException>(() => TestDaemon.StartAsync(folder.FullPath))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_LockCannotBeMade_SaysWhichAndWhatToDo()
    {
        using var folder = new TemporaryFolder();
        // Stands for a read-only disk also where the test runs as root, who may write anywhere: a directory has the lock's name.
        Directory.CreateDirectory(Path.Combine(folder.FullPath, "daemon.lock"));
        var refusal = await Assert.ThrowsAsync<DataDirectoryException>(() => TestDaemon.StartAsync(folder.FullPath));
        Assert.Contains("cannot be used", refusal.Message, StringComparison.Ordinal);
    }
}
