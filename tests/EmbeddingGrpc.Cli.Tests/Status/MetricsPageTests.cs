using EmbeddingGrpc.Cli.Status;

namespace EmbeddingGrpc.Cli.Tests.Status;

public sealed class MetricsPageTests
{
    private const string Page = """
        # TYPE calls_total counter
        calls_total{source="search",kind="a,b \"c\""} 3 1700000000
        calls_total{source="memory"} 5
        plain 1.5E+3
        not a sample line
        duration_seconds_bucket{source="x",le="0.001"} 5
        duration_seconds_bucket{source="x",le="0.01"} 9
        duration_seconds_bucket{source="x",le="+Inf"} 10
        duration_seconds_bucket{source="y",le="0.001"} 0
        duration_seconds_bucket{source="y",le="0.01"} 10
        duration_seconds_bucket{source="y",le="+Inf"} 10
        """;

    [Fact]
    public void Sum_AddsOverLabelsUnlessTheyAreGiven()
    {
        var page = MetricsPage.Parse(Page);

        Assert.Equal(8, page.Sum("calls_total"));
        Assert.Equal(3, page.Sum("calls_total", ("source", "search")));
        Assert.Equal(1500, page.Sum("plain"));
        Assert.Equal(0, page.Sum("unknown"));
    }

    [Theory]
    [InlineData(0.25, 0.001)]
    [InlineData(0.5, 0.01)]
    [InlineData(0.95, 0.01)]
    [InlineData(0.99, double.PositiveInfinity)]
    public void Quantile_OfAllSeries_IsTheUpperEndOfItsBucket(double share, double expected) =>
        Assert.Equal(expected, MetricsPage.Parse(Page).Quantile("duration_seconds", share));

    [Fact]
    public void Quantile_NoValues_IsNull() => Assert.Null(MetricsPage.Parse("").Quantile("duration_seconds", 0.5));
}
