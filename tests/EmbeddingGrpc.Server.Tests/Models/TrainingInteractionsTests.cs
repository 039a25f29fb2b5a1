using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Models;

namespace EmbeddingGrpc.Server.Tests.Models;

public sealed class TrainingInteractionsTests
{
    [Theory]
    [InlineData(InteractionType.Unspecified, true)]
    [InlineData(InteractionType.Impression, false)]
    [InlineData(InteractionType.View, true)]
    [InlineData(InteractionType.Click, true)]
    [InlineData(InteractionType.AddToCart, true)]
    [InlineData(InteractionType.Purchase, true)]
    [InlineData(InteractionType.Like, true)]
    [InlineData(InteractionType.Dislike, false)]
    public void Include_Defaults_LeaveOutWhatIsNoSignOfInterest(InteractionType type, bool expected)
    {
        Assert.Equal(expected, new TrainingInteractions().Include(Of(type, weight: 1)));
        Assert.False(new TrainingInteractions().Include(Of(type, weight: 0)));
    }

    [Fact]
    public void Include_EachSwitch_TurnsItsOwnType()
    {
        Assert.True(new TrainingInteractions { Impression = true }.Include(Of(InteractionType.Impression)));
        Assert.False(new TrainingInteractions { View = false }.Include(Of(InteractionType.View)));
        Assert.False(new TrainingInteractions { View = false }.Include(Of(InteractionType.Unspecified)));
        Assert.False(new TrainingInteractions { Click = false }.Include(Of(InteractionType.Click)));
        Assert.False(new TrainingInteractions { AddToCart = false }.Include(Of(InteractionType.AddToCart)));
        Assert.False(new TrainingInteractions { Purchase = false }.Include(Of(InteractionType.Purchase)));
        Assert.False(new TrainingInteractions { Like = false }.Include(Of(InteractionType.Like)));
        Assert.True(new TrainingInteractions { Dislike = true }.Include(Of(InteractionType.Dislike)));
    }

    private static Interaction Of(InteractionType type, float weight = 1) => new("user", "item", type, 1_700_000_000_000, weight);
}
