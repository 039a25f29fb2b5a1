using EmbeddingGrpc.Cli.Sources;

namespace EmbeddingGrpc.Cli.Tests.Sources;

public sealed class SequenceSourceTests
{
    private static readonly DateTimeOffset End = DateTimeOffset.FromUnixTimeSeconds(1000);

    [Fact]
    public void Read_UsersFirst_SpacesItemsByASecondUpToTheEnd()
    {
        using var source = Open("ann a b c\n\nbob\td  a\r\n   \n", null);

        Assert.Equal(
            ["1.0: ann a 998000", "1.1: ann b 999000", "1.2: ann c 1000000", "3.0: bob d 999000", "3.1: bob a 1000000"],
            source.ReadAll());
    }

    [Fact]
    public void Read_Sessions_GivesEachLineAUserOfItsOwn()
    {
        using var source = Open("a b\nc", "session-");

        Assert.Equal(["1.0: session-1 a 999000", "1.1: session-1 b 1000000", "2.0: session-2 c 1000000"], source.ReadAll());
    }

    [Fact]
    public void Read_UserWithoutItems_IsRefusedAndTheNextLineIsNot()
    {
        using var source = Open("ann a\nlonely\nbob b\n", null);

        Assert.Equal(
            ["1.0: ann a 1000000", "2: refused: has a user ('lonely') and no items; expected: user item item ...", "3.0: bob b 1000000"],
            source.ReadAll());
    }

    [Fact]
    public void Read_MoreItemsThanNumbersHaveRoomFor_IsRefused()
    {
        using var source = Open(string.Join(' ', Enumerable.Repeat("x", SourcePosition.MaximumPerLine + 1)) + "\ny z\n", "s");

        Assert.Equal(["1: refused: has 1,048,577 items; at most 1,048,576 a line", "2.0: s2 y 999000", "2.1: s2 z 1000000"], source.ReadAll());
    }

    [Fact]
    public void Read_Positions_RiseThroughTheFile()
    {
        using var source = Open("ann a b c\nbob d e\n", null);
        var numbers = new List<ulong>();
        while (source.Read() != ReadOutcome.End) numbers.Add(source.Position.Number);

        Assert.Equal(numbers.Order().Distinct(), numbers);
        Assert.Equal(new SourcePosition(2, 1), SourcePosition.Of(numbers[^1]));
    }

    private static SequenceSource Open(string text, string? userPrefix) => new(new LineReader(new StringReader(text), "file"), End, userPrefix);
}
