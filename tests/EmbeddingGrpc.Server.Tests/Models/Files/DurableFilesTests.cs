using EmbeddingGrpc.Server.Models.Files;
using static EmbeddingGrpc.Server.Models.Files.DurableAction;

namespace EmbeddingGrpc.Server.Tests.Models.Files;

public sealed class DurableFilesTests : IDisposable
{
    private readonly TemporaryDirectory _temporary = new();
    private readonly CrashingDisk _disk = new();

    [Fact]
    public void Replace_Always_SyncsTheBytesBeforeTheNameAndTheNameAfter()
    {
        var path = _temporary.At("pointer");

        _disk.Files.Replace(path, stream => stream.Write("new"u8));

        Assert.Equal("new", File.ReadAllText(path));
        var temporary = _temporary.At(".tmp-pointer");
        Assert.Equal([new(WriteFile, temporary), new(SyncFile, temporary), new(Rename, path), new(SyncDirectory, _temporary.Path)], _disk.Steps);
    }

    [Theory]
    [InlineData(0, "old")]
    [InlineData(1, "old")]
    [InlineData(2, "old")]
    [InlineData(3, "new")]
    public void Replace_CrashBeforeAStep_LeavesTheOldFileOrTheNewOne(int crashAt, string expected)
    {
        var path = _temporary.At("pointer");
        File.WriteAllText(path, "old");
        _disk.Fail = (step, _) => step == crashAt ? new SimulatedCrashException() : null;

        Assert.Throws<SimulatedCrashException>(() => _disk.Files.Replace(path, stream => stream.Write("new"u8)));

        Assert.Equal(expected, File.ReadAllText(path));
        new DurableFiles().Replace(path, stream => stream.Write("after"u8));
        Assert.Equal("after", File.ReadAllText(path));
    }

    [Fact]
    public void CreateDirectory_SeveralLevels_MakesEachDurableInItsParent()
    {
        var (one, two) = (_temporary.At("one"), _temporary.At("one", "two"));

        _disk.Files.CreateDirectory(two + Path.DirectorySeparatorChar);
        _disk.Files.CreateDirectory(two);

        Assert.True(Directory.Exists(two));
        Assert.Equal([new(CreateDirectory, one), new(SyncDirectory, _temporary.Path), new(CreateDirectory, two), new(SyncDirectory, one)], _disk.Steps);
    }

    [Fact]
    public void DeleteDirectory_CrashInBetween_LeavesOnlyATemporaryName()
    {
        var path = Directory.CreateDirectory(_temporary.At("000001-00000000000000aa")).FullName;
        File.WriteAllText(Path.Combine(path, "file"), "x");
        _disk.Fail = (_, step) => step.Action == DeleteDirectory ? new SimulatedCrashException() : null;

        Assert.Throws<SimulatedCrashException>(() => _disk.Files.DeleteDirectory(path));

        Assert.Equal([_temporary.At(".tmp-000001-00000000000000aa")], Directory.GetFileSystemEntries(_temporary.Path));
    }

    [Fact]
    public void Write_FileExists_LeavesItAlone()
    {
        var path = _temporary.At("file");
        File.WriteAllText(path, "old");

        Assert.Throws<IOException>(() => _disk.Files.Write(path, stream => stream.Write("new"u8)));

        Assert.Equal("old", File.ReadAllText(path));
    }

    public void Dispose() => _temporary.Dispose();
}
