using EmbeddingGrpc.Cli.Evaluation;

namespace EmbeddingGrpc.Cli.Tests.Evaluation;

public sealed class HitRateTests
{
    [Fact]
    public void Of_CountsHiddenItemsAmongTheFirstK()
    {
        HiddenItem[] hidden = [Hidden("x"), Hidden("x"), Hidden("x", seen: "x"), Hidden("x")];
        string[][] lists = [["a", "x"], ["a", "b", "x"], ["x"], []];

        Assert.Equal(0.25, HitRate.Of(hidden, lists, k: 2));
        Assert.Equal(0.5, HitRate.Of(hidden, lists, k: 3));
    }

    [Fact]
    public void Of_AListTooFew_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => HitRate.Of([Hidden("x"), Hidden("y")], [["x"]], k: 1));

    [Fact]
    public void OfPopularity_PassesOverWhatTheUserHasSeen()
    {
        // "a" is most popular but everyone has it; of the others "b" is.
        var split = new HoldOut(
            [HoldOutTests.At("u", "a", 1), HoldOutTests.At("v", "a", 1), HoldOutTests.At("w", "a", 1), HoldOutTests.At("v", "b", 2), HoldOutTests.At("w", "b", 2), HoldOutTests.At("w", "c", 3)],
            [Hidden("b", "a"), Hidden("c", "a")]);

        Assert.Equal(0.5, HitRate.OfPopularity(split, k: 1));
        Assert.Equal(1.0, HitRate.OfPopularity(split, k: 2));
    }

    [Fact]
    public void OfChance_IsTheExpectationOverUnseenItems()
    {
        var split = new HoldOut(
            [.. "abcdef".Select((id, i) => HoldOutTests.At("u", id.ToString(), i))],
            [Hidden("f", "a", "b"), Hidden("never trained")]);

        Assert.Equal((1.0 / 4) / 2, HitRate.OfChance(split, k: 1));
    }

    private static HiddenItem Hidden(string item, params string[] seen) => new("u", item, seen.ToHashSet());
}
