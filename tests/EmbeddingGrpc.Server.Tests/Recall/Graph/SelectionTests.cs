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
    public void NthLargest_OfManyValuesInAnyOrder_IsTheOneOfTheSortedListAndLeavesThemAsTheyAre()
    {
        var random = new Random(3);
        var room = new float[20_000];
        for (var round = 0; round < 60; round++)
        {
            // Evenly spread, a heavy tail, many alike, and the largest where the sample does not look.
            var values = Enumerable.Range(0, 2048 + random.Next(room.Length - 2048)).Select(_ => (round % 4) switch
            {
                0 => random.NextSingle(),
                1 => MathF.Pow(random.NextSingle(), 30),
                2 => random.Next(3),
                _ => 0f,
            }).ToArray();
            for (var i = 1; round % 4 == 3 && i < 700; i++) values[i] = i;
            var before = values.ToArray();
            foreach (var n in new[] { 1, 1 + random.Next(values.Length), 512, values.Length })
                Assert.Equal(values.OrderDescending().ElementAt(n - 1), Selection.NthLargest(values, n, room));
            Assert.Equal(before, values);
        }
    }

    [Fact]
    public void Threshold_NotMoreThanAskedFor_LetsAllPass()
    {
        var scratch = new GraphScratch();
        Assert.Equal(float.NegativeInfinity, scratch.Threshold([1, 2, 3], 3));
        Assert.Equal(2, scratch.Threshold([1, 2, 3], 2));
    }
}
