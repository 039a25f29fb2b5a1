using EmbeddingGrpc.Cli.Input;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Tests.Input;

public sealed class InteractionFileTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Read_MovieLens_GivesLikesNumberedByTheirLine()
    {
        var read = Read(InputFormat.MovieLens, "userId,movieId,rating,timestamp\n1,31,2.5,1260759144\n1,1029,3.5,1260759179\n2,10,5.0,835355493\n");

        Assert.Equal([("1", "1029", 1260759179000L, 3L), ("2", "10", 835355493000L, 4L)], read.Select(r => (r.Interaction.UserId, r.Interaction.ItemId, r.Interaction.EventTimeMs, r.Line)));
        Assert.All(read, r => Assert.Equal(((ulong)r.Line, InteractionType.Like), (r.Interaction.Number, r.Interaction.Type)));
    }

    [Fact]
    public void Read_MovieLensColumnsInAnotherOrder_FindsThemByName()
    {
        var read = Read(InputFormat.MovieLens, "timestamp,rating,movieId,userId\n100,4,m,u\n");

        Assert.Equal(("u", "m", 100_000L), (read[0].Interaction.UserId, read[0].Interaction.ItemId, read[0].Interaction.EventTimeMs));
    }

    [Theory]
    [InlineData("user,movie,stars\n1,2,3\n", 1, "userId, movieId, rating, timestamp")]
    [InlineData("userId,movieId,rating,timestamp\n1,31,5,1\n1,31,good,1\n", 3, "rating 'good' is not a number")]
    [InlineData("userId,movieId,rating,timestamp\n1,31,5,never\n", 2, "timestamp 'never' is not a number")]
    [InlineData("userId,movieId,rating,timestamp\n1,31,5\n", 2, "3 fields where the header has 4")]
    [InlineData("userId,movieId,rating,timestamp\n,31,5,1\n", 2, "userId is empty")]
    [InlineData("userId,movieId,rating,timestamp\n1,31,NaN,1\n", 2, "rating 'NaN' is not a number")]
    [InlineData("", 1, "header")]
    public void Read_MalformedMovieLens_NamesFileLineAndReason(string text, long line, string reason)
    {
        var e = Assert.Throws<InputFormatException>(() => Read(InputFormat.MovieLens, text));

        Assert.Equal(line, e.Line);
        Assert.Contains($"{_path}, line {line}: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_Sequences_SpacesItemsByASecondAndNumbersThroughTheFile()
    {
        var read = Read(InputFormat.Sequences, "ann a b c\n\nbob\td  a\r\n");

        Assert.Equal(
            [("ann", "a", 0L, 1UL, 1L), ("ann", "b", 1000L, 2UL, 1L), ("ann", "c", 2000L, 3UL, 1L), ("bob", "d", 0L, 4UL, 3L), ("bob", "a", 1000L, 5UL, 3L)],
            read.Select(r => (r.Interaction.UserId, r.Interaction.ItemId, r.Interaction.EventTimeMs - ItemLines.StartTimeMs, r.Interaction.Number, r.Line)));
    }

    [Fact]
    public void Read_SequenceWithoutItems_PointsToTheSessionsFormat()
    {
        var e = Assert.Throws<InputFormatException>(() => Read(InputFormat.Sequences, "ann a b\nlonely\n"));

        Assert.Equal(2, e.Line);
        Assert.Contains("'sessions'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_Sessions_GivesEachLineAUserOfItsOwn()
    {
        var read = Read(InputFormat.Sessions, "a b\nb c d\n");

        Assert.Equal([("session-1", "a"), ("session-1", "b"), ("session-2", "b"), ("session-2", "c"), ("session-2", "d")], read.Select(r => (r.Interaction.UserId, r.Interaction.ItemId)));
    }

    [Fact]
    public void Read_Twice_GivesTheSameInteractions()
    {
        File.WriteAllText(_path, "u a b\nv c d\n");
        var file = new InteractionFile(_path, InputFormat.Sequences);

        Assert.Equal(file.Read(), file.Read());
    }

    [Fact]
    public void Read_ToTheEnd_TellsTheWholeSize()
    {
        File.WriteAllText(_path, "u a b\n");
        var file = new InteractionFile(_path, InputFormat.Sequences);
        var told = 0L;

        Assert.Equal(2, file.Read(position => told = position).Count());
        Assert.Equal(file.SizeBytes, told);
    }

    private List<InputInteraction> Read(InputFormat format, string text)
    {
        File.WriteAllText(_path, text);
        return [.. new InteractionFile(_path, format).Read()];
    }
}
