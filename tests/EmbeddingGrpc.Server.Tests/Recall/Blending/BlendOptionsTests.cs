using EmbeddingGrpc.Server.Recall.Blending;

namespace EmbeddingGrpc.Server.Tests.Recall.Blending;

public sealed class BlendOptionsTests
{
    private static readonly BlendWeights Learned = new(9, 8, 7, 6, 5, 4);

    [Fact]
    public void WeightsFor_NothingGiven_IsWhatWasLearnedElseTheDefaults()
    {
        Assert.Equal(Learned, new BlendOptions().WeightsFor(Learned));
        Assert.Equal(BlendWeights.Default, new BlendOptions().WeightsFor(null));
        Assert.Equal(BlendWeights.Default, new BlendOptions { Learn = false }.WeightsFor(Learned));
    }

    [Fact]
    public void WeightsFor_SomeGiven_TheyHoldAndTheOthersAreLearned() =>
        Assert.Equal(Learned with { Connections = 0, Walks = 1 }, new BlendOptions { Connections = 0, Walks = 1 }.WeightsFor(Learned));

    [Fact]
    public void Metrics_OfAGenerationOfBefore_AreNoWeights()
    {
        var metrics = new Dictionary<string, double> { ["training.loss"] = 1 };
        Assert.Null(BlendMetrics.Read(metrics));
        BlendMetrics.Write(Learned, metrics);
        Assert.Equal(Learned, BlendMetrics.Read(metrics));
        metrics["blend.weight.walks"] = double.NaN;
        Assert.Null(BlendMetrics.Read(metrics));
    }
}
