namespace EmbeddingGrpc.FunctionalTests.Harness;

/// <summary>A disk of a few megabytes, in memory, that really fills up and can really be made read-only. Needs root.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private readonly TemporaryDirectory _parent;

    private SmallDisk(TemporaryDirectory parent, string path) => (_parent, FullPath) = (parent, path);

    public string FullPath { get; }

    public static async Task<SmallDisk> MountAsync(int megabytes, CancellationToken cancellationToken)
    {
        var parent = new TemporaryDirectory();
        var path = parent.File("disk");
        Directory.CreateDirectory(path);
        var mount = await ProgramRun.RunAsync(InstalledProgram.Require("mount"), ["-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", path], cancellationToken);
        if (mount.ExitCode != 0)
        {
            parent.Dispose();
            InstalledProgram.Missing($"A small disk cannot be mounted here: {mount.Errors.Trim()}");
        }

        return new SmallDisk(parent, path);
    }

    public async Task MakeReadOnlyAsync(CancellationToken cancellationToken)
    {
        var remount = await ProgramRun.RunAsync(InstalledProgram.Require("mount"), ["-o", "remount,ro", FullPath], cancellationToken);
        Assert.True(remount.ExitCode == 0, remount.Errors);
    }

    public async ValueTask DisposeAsync()
    {
        await ProgramRun.RunAsync(InstalledProgram.Require("umount"), ["--lazy", FullPath], CancellationToken.None);
        _parent.Dispose();
    }
}
