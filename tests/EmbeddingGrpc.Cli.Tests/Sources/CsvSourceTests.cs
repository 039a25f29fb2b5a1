using EmbeddingGrpc.Cli.Sources;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Tests.Sources;

public sealed class CsvSourceTests
{
    private static readonly CsvMapping Plain = new("user", "item", "time");

    [Fact]
    public void Read_MovieLens_LeavesLowRatingsOutAndKeepsLineNumbers()
    {
        using var source = Open("userId,movieId,rating,timestamp\r\n1,31,2.5,1260759144\r\n1,1029,3.5,1260759179\r\n2,10,5,835355493\r\n", CsvMapping.MovieLens(3.5));

        Assert.Equal(["3.0: 1 1029 1260759179000", "4.0: 2 10 835355493000"], source.ReadAll());
        Assert.Equal(1, source.FilteredLines);
        Assert.Equal(InteractionType.Like, source.Type);
    }

    [Fact]
    public void Read_ColumnsInAnotherOrderAndCase_FindsThemByName()
    {
        using var source = Open("Time,extra,ITEM,User\n100,x,i,u\n", Plain);

        Assert.Equal(["2.0: u i 100000"], source.ReadAll());
    }

    [Theory]
    [InlineData("u,i", "2: refused: has 2 columns; the header promises 3")]
    [InlineData("u,i,yesterday", "2: refused: time 'yesterday' is not a time; expected seconds or milliseconds since 1970, or ISO 8601")]
    [InlineData("u,i,", "2: refused: time '' is not a time; expected seconds or milliseconds since 1970, or ISO 8601")]
    public void Read_BadRow_IsRefusedWithItsLineAndItsNeighboursAreNot(string row, string expected)
    {
        using var source = Open($"user,item,time\n{row}\nv,j,200\n", Plain);

        Assert.Equal([expected, "3.0: v j 200000"], source.ReadAll());
    }

    [Fact]
    public void Read_RatingThatIsNoNumber_IsRefused()
    {
        using var source = Open("userId,movieId,rating,timestamp\n1,31,good,1\n", CsvMapping.MovieLens(3.5));

        Assert.Equal(["2: refused: rating 'good' is not a number"], source.ReadAll());
    }

    [Fact]
    public void Read_QuotedFieldsWithLineEnds_CountsLinesOfTheFile()
    {
        using var source = Open("user,item,time\n\"u\nwith two\nends\",i,1\nv,j,never\n", Plain);

        Assert.Equal(["2.0: u\nwith two\nends i 1000", "5: refused: time 'never' is not a time; expected seconds or milliseconds since 1970, or ISO 8601"], source.ReadAll());
    }

    [Fact]
    public void Read_TypeAndWeightColumns_AreRead()
    {
        using var source = Open(
            "user,item,time,event,value\nu,i,1,Purchase,2.5\nu,i,2,hover,1\nu,i,3,view,heavy\n", Plain with { Type = "event", Weight = "value" });

        Assert.Equal(ReadOutcome.Interaction, source.Read());
        Assert.Equal((InteractionType.Purchase, 2.5f), (source.Type, source.Weight));
        Assert.Equal(
            [
                "3: refused: event 'hover' is not one of view, click, purchase, like, dislike, impression, add_to_cart",
                "4: refused: value 'heavy' is not a number",
            ],
            source.ReadAll());
    }

    [Fact]
    public void Constructor_ColumnMissing_NamesItAndWhatThereIs()
    {
        var e = Assert.Throws<SourceFormatException>(() => Open("user,movie,stars\n1,2,3\n", Plain));

        Assert.Equal("ratings.csv:1: the header has no column 'item'; it has 'user', 'movie', 'stars'", e.Message);
    }

    [Fact]
    public void Constructor_EmptyFile_SaysWhatWasExpected()
    {
        var e = Assert.Throws<SourceFormatException>(() => Open("", Plain));

        Assert.Equal("ratings.csv: is empty; expected a header with the columns user, item and time", e.Message);
    }

    [Fact]
    public void Read_QuoteLeftOpen_NamesTheLineItBeganAt()
    {
        using var source = Open("user,item,time\nu,i,1\n\"v,j,2\n", Plain);
        source.Read();

        var e = Assert.Throws<SourceFormatException>(() => source.Read());

        Assert.StartsWith("ratings.csv:3: ", e.Message, StringComparison.Ordinal);
    }

    private static CsvSource Open(string text, CsvMapping mapping) => new(new StringReader(text), "ratings.csv", mapping);
}
