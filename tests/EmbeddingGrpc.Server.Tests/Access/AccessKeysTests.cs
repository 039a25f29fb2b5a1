using EmbeddingGrpc.Server.Access;
using EmbeddingGrpc.Server.Hosting;
using EmbeddingGrpc.Server.Tests.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EmbeddingGrpc.Server.Tests.Access;

public sealed class AccessKeysTests : IDisposable
{
    private const string First = "the-first-key-of-all";
    private const string Second = "the-second-key-of-all";

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new();

    private string FilePath => Path.Combine(_folder.FullPath, "keys");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Find_FileChanged_KnowsTheNewKeysAndNoLongerTheOld()
    {
        var keys = Create($"a recall {First}");
        Write($"b admin {Second}", minutes: 1);
        Assert.Equal("a", keys.Find(First)!.Name);
        Assert.Null(keys.Find(Second));

        _time.Advance(AccessKeys.LookInterval);
        Assert.Null(keys.Find(First));
        Assert.Equal("b", keys.Find(Second)!.Name);
    }

    [Fact]
    public void Find_FileTurnedWrong_KeepsTheKeysBeforeItUntilItIsRight()
    {
        var keys = Create($"a recall {First}");
        Write("nonsense", minutes: 1);
        _time.Advance(AccessKeys.LookInterval);
        Assert.NotNull(keys.Find(First));

        File.Delete(FilePath);
        _time.Advance(AccessKeys.LookInterval);
        Assert.NotNull(keys.Find(First));

        Write($"b admin {Second}", minutes: 2);
        _time.Advance(AccessKeys.LookInterval);
        Assert.Null(keys.Find(First));
        Assert.NotNull(keys.Find(Second));
    }

    [Fact]
    public void IsOn_NoFile_AsksNobody() =>
        Assert.False(new AccessKeys(new DaemonOptions(), _time, NullLogger<AccessKeys>.Instance).IsOn);

    private AccessKeys Create(string content)
    {
        Write(content, minutes: 0);
        return new AccessKeys(new DaemonOptions { AccessKeysFile = FilePath }, _time, NullLogger<AccessKeys>.Instance);
    }

    // A file system may keep times too coarsely for two writes of one test.
    private void Write(string content, int minutes)
    {
        File.WriteAllText(FilePath, content);
        File.SetLastWriteTimeUtc(FilePath, DateTime.UtcNow.AddMinutes(minutes));
    }
}
