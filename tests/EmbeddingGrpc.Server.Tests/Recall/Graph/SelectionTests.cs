using CsCheck;
using EmbeddingGrpc.Server.Recall.Graph;

namespace EmbeddingGrpc.Server.Tests.Recall.Graph;

public sealed class SelectionTests
{
    [Fact]
    public void NthLargest_AnyValues_IsTheOneOfTheSortedList() =>
        Gen.Int[0, 40].Select(value => (float)value).Array[1, 300].SelectMany(values => Gen.Int[1, values.Length].Select(n => (values, n))).Sample(
            drawn => Selection.NthLargest([.. drawn.values], drawn.n).Equals(drawn.values.OrderDescending().ElementAt(drawn.n - 1)));

    [Fact]
    public void Threshold_NotMoreThanAskedFor_LetsAllPass()
    {
        var scratch = new GraphScratch();
        Assert.Equal(float.NegativeInfinity, scratch.Threshold([1, 2, 3], 3));
        Assert.Equal(2, scratch.Threshold([1, 2, 3], 2));
    }
}
