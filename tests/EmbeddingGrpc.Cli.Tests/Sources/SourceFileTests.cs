using EmbeddingGrpc.Cli.Sources;
using Microsoft.Extensions.Time.Testing;

namespace EmbeddingGrpc.Cli.Tests.Sources;

public sealed class SourceFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Open_SameContentUnderAnotherName_HasTheSameFingerprint()
    {
        using var first = SourceFile.Open(_directory.Write("a.txt", "u a b\n"), _time);
        using var second = SourceFile.Open(_directory.Write("b.txt", "u a b\n"), _time);
        using var other = SourceFile.Open(_directory.Write("c.txt", "u a c\n"), _time);

        Assert.Equal(first.Fingerprint, second.Fingerprint);
        Assert.NotEqual(first.Fingerprint, other.Fingerprint);
    }

    [Fact]
    public void Read_Sessions_NamesUsersAfterTheContent()
    {
        using var file = SourceFile.Open(_directory.Write("a.txt", "a b\n"), _time);
        using var source = file.Read(SourceFormat.Sessions, null, _time);
        source.Read();

        Assert.Equal($"session-{file.Fingerprint}-1", source.UserId.ToString());
    }

    [Theory]
    [InlineData("2025-06-01", "2025-06-01")]
    [InlineData("2027-06-01", "2026-01-01")]
    [InlineData("1980-01-01", "2026-01-01")]
    public void Read_Sequences_EndWhenTheFileWasWrittenIfThatIsPlausible(string written, string expected)
    {
        var path = _directory.Write("a.txt", "u a\n");
        File.SetLastWriteTimeUtc(path, DateTime.SpecifyKind(DateTime.Parse(written, System.Globalization.CultureInfo.InvariantCulture), DateTimeKind.Utc));
        using var file = SourceFile.Open(path, _time);
        using var source = file.Read(SourceFormat.Sequences, null, _time);
        source.Read();

        var end = DateTimeOffset.Parse(expected + "Z", System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(end.ToUnixTimeMilliseconds(), source.EventTimeMs);
    }

    [Fact]
    public void PositionBytes_AtTheEnd_IsTheLength()
    {
        using var file = SourceFile.Open(_directory.Write("a.txt", "u a b\nv c d\n"), _time);
        using var source = file.Read(SourceFormat.Sequences, null, _time);
        source.ReadAll();

        Assert.Equal(file.LengthBytes, file.PositionBytes);
    }
}
