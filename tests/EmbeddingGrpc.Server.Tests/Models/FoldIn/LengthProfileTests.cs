using System.Numerics.Tensors;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models.FoldIn;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Tests.Models.FoldIn;

public sealed class LengthProfileTests
{
    [Fact]
    public void LengthOf_CountsThatSomeItemsHave_IsTheirMeanLength()
    {
        var profile = Profile((100, 5f), (90, 3f), (2, 1f), (1, 0.5f));

        Assert.Equal(4f, profile.LengthOf(100), 1e-5f);
        Assert.Equal(1f, profile.LengthOf(3), 1e-5f);
        Assert.Equal(0.5f, profile.LengthOf(1), 1e-5f);
    }

    [Fact]
    public void LengthOf_CountsThatNoItemHas_IsThatOfTheNearestLowerElseHigher()
    {
        var profile = Profile((100, 5f), (8, 2f));

        Assert.Equal(2f, profile.LengthOf(1), 1e-5f);
        Assert.Equal(2f, profile.LengthOf(40), 1e-5f);
        Assert.Equal(5f, profile.LengthOf(1_000_000), 1e-5f);
        Assert.Equal(2f, profile.LengthOf(0), 1e-5f);
    }

    private static LengthProfile Profile(params (long Count, float Length)[] items)
    {
        using var matrix = new EmbeddingMatrix(items.Length, 4);
        for (var row = 0; row < items.Length; row++) matrix[new ItemOrdinal(row)][row % 4] = items[row].Length;
        Assert.Equal(items[0].Length, TensorPrimitives.Norm<float>(matrix[new ItemOrdinal(0)]));
        return new LengthProfile(VectorTable.FromMatrix(matrix), Vocabulary.Create(items.Select((item, row) => ($"item-{row}", item.Count))));
    }
}
