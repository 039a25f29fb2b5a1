using EmbeddingGrpc.Cli.Recall;
using EmbeddingGrpc.Cli.Sources;

namespace EmbeddingGrpc.Cli.Tests.Recall;

public sealed class ItemTitlesTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Read_MovieLensMovies_FindsTitlesWithCommasById()
    {
        var titles = ItemTitles.Read(_directory.Write("movies.csv", "movieId,title,genres\n1,Toy Story (1995),Comedy\n11,\"American President, The (1995)\",Drama\n"));

        Assert.Equal("American President, The (1995)", titles["11"]);
        Assert.Null(titles["2"]);
        Assert.True(titles.Any);
    }

    [Fact]
    public void Read_OneColumn_SaysWhatIsNeeded()
    {
        var e = Assert.Throws<SourceFormatException>(() => ItemTitles.Read(_directory.Write("movies.csv", "movieId\n1\n")));

        Assert.Contains("needs two columns", e.Message, StringComparison.Ordinal);
    }
}
