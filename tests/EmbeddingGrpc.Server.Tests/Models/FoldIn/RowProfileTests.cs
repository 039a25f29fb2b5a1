using System.Numerics.Tensors;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models.FoldIn;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Tests.Models.FoldIn;

public sealed class RowProfileTests
{
    private static readonly float[] Shared = [0, 0, 0, 1];

    [Fact]
    public void Place_CountThatSomeItemsHave_HasTheirMeanPlace()
    {
        // Along what all share 3 and 1, the rest 5 and 3: together 2 and 4.
        var profile = Profile((100, 3, 5), (90, 1, 3), (2, -2, 1), (1, -4, 0.5f));

        Assert.Equal((2, 4), PlaceOf(profile, 100));
        Assert.Equal((-2, 1), PlaceOf(profile, 2));
        Assert.Equal((-4, 0.5f), PlaceOf(profile, 1));
    }

    [Fact]
    public void Place_CountThatNoItemHas_IsInProportionBetweenThoseThatSomeHave()
    {
        var profile = Profile((128, 3, 5), (8, 1, 2));

        Assert.Equal((1, 2), PlaceOf(profile, 1));
        Assert.Equal((1.5f, 2.75f), PlaceOf(profile, 16));
        Assert.Equal((2, 3.5f), PlaceOf(profile, 32));
        Assert.Equal((3, 5), PlaceOf(profile, 1_000_000));
        Assert.Equal((1, 2), PlaceOf(profile, 0));
    }

    [Fact]
    public void Place_AnyRow_KeepsItsDirectionAmongWhatIsNotShared()
    {
        float[] row = [3, 4, 0, 77];

        Assert.True(Profile((1, 2, 10)).Place(row, 1));

        Assert.Equal([6, 8, 0, 2], row.Select(value => MathF.Round(value, 4)));
    }

    [Fact]
    public void Place_RowThatIsNothingButShared_HasNoPlace() => Assert.False(Profile((1, 2, 10)).Place([0, 0, 0, 5], 1));

    private static (float Along, float Length) PlaceOf(RowProfile profile, long count)
    {
        float[] row = [1, 2, 3, 4];
        Assert.True(profile.Place(row, count));
        var along = TensorPrimitives.Dot<float>(row, Shared);
        return (MathF.Round(along, 4), MathF.Round(MathF.Sqrt(TensorPrimitives.SumOfSquares<float>(row) - (along * along)), 4));
    }

    /// <summary>Of a table whose partners all point along the last axis.</summary>
    private static RowProfile Profile(params (long Count, float Along, float Length)[] items)
    {
        using var rows = new EmbeddingMatrix(items.Length, Shared.Length);
        using var partners = new EmbeddingMatrix(items.Length, Shared.Length);
        for (var item = 0; item < items.Length; item++)
        {
            rows[new ItemOrdinal(item)][item % 3] = items[item].Length;
            rows[new ItemOrdinal(item)][3] = items[item].Along;
            Shared.CopyTo(partners[new ItemOrdinal(item)]);
        }

        return new RowProfile(
            VectorTable.FromMatrix(rows), VectorTable.FromMatrix(partners), Vocabulary.Create(items.Select((item, row) => ($"item-{row}", item.Count))));
    }
}
