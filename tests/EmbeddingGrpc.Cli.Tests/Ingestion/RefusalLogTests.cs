using EmbeddingGrpc.Cli.Ingestion;
using EmbeddingGrpc.Cli.Sources;

namespace EmbeddingGrpc.Cli.Tests.Ingestion;

public sealed class RefusalLogTests
{
    [Fact]
    public void Messages_FewRefusals_AreInTheOrderOfTheFile()
    {
        var log = new RefusalLog("f.csv");
        log.Add(new SourcePosition(7, 0), "late");
        log.Add(new SourcePosition(2, 1), "second");
        log.Add(new SourcePosition(2, 0), "first");

        Assert.Equal(["f.csv:2: first", "f.csv:2: second", "f.csv:7: late"], log.Messages());
    }

    [Fact]
    public void Messages_ManyRefusals_ShowsTheFirstAndCountsTheRest()
    {
        var log = new RefusalLog("f.csv");
        for (var line = 1; line <= 1234; line++) log.Add(new SourcePosition(line, 0), "bad");

        Assert.Equal(21, log.Messages().Count);
        Assert.Equal("f.csv: and 1,214 more like these", log.Messages()[^1]);
        Assert.Equal(1234, log.Count);
    }
}
