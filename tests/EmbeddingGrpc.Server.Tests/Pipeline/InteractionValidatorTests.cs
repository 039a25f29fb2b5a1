using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Tests.Pipeline;

public sealed class InteractionValidatorTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly ReceivedInteraction Good = new("user", "item", 3, Now.ToUnixTimeMilliseconds(), 2.5f, "recall");

    [Fact]
    public void TryValidate_GoodInteraction_IsKeptAsItIs()
    {
        Assert.True(Validate(Good, out var interaction, out _));
        Assert.Equal(new Interaction("user", "item", InteractionType.Click, Now.ToUnixTimeMilliseconds(), 2.5f, "recall"), interaction);
    }

    [Fact]
    public void TryValidate_NothingOptionalSaid_IsAViewWithoutRecall()
    {
        Assert.True(Validate(Good with { Type = 0, RecallId = string.Empty }, out var interaction, out _));
        Assert.Equal((InteractionType.View, null), (interaction.Type, interaction.RecallId));
    }

    [Theory]
    [InlineData("")]
    [InlineData("with\ttab")]
    [InlineData("with\u007fdelete")]
    [InlineData("with\u0085c1")]
    [InlineData("\0")]
    public void TryValidate_BadId_IsRefusedByField(string id)
    {
        Assert.False(Validate(Good with { UserId = id }, out _, out var violation));
        Assert.Equal("user_id", violation.Field);
        Assert.False(Validate(Good with { ItemId = id }, out _, out violation));
        Assert.Equal("item_id", violation.Field);
    }

    [Theory]
    [InlineData("x", 256, true)]
    [InlineData("x", 257, false)]
    [InlineData("ü", 128, true)]
    [InlineData("ü", 129, false)]
    [InlineData("語", 85, true)]
    [InlineData("語", 86, false)]
    [InlineData("😀", 64, true)]
    [InlineData("😀", 65, false)]
    public void TryValidate_LengthOfId_IsCountedInBytesOfUtf8(string text, int times, bool valid)
    {
        var id = string.Concat(Enumerable.Repeat(text, times));
        Assert.Equal(valid, Validate(Good with { ItemId = id }, out _, out var violation));
        if (!valid) Assert.Contains("256", violation.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(8)]
    [InlineData(int.MaxValue)]
    public void TryValidate_UnknownType_IsRefused(int type)
    {
        Assert.False(Validate(Good with { Type = type }, out _, out var violation));
        Assert.Equal("type", violation.Field);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(-0.001f)]
    public void TryValidate_BadWeight_IsRefused(float weight)
    {
        Assert.False(Validate(Good with { Weight = weight }, out _, out var violation));
        Assert.Equal("weight", violation.Field);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(float.MaxValue)]
    [InlineData(float.Epsilon)]
    public void TryValidate_ExtremeWeight_IsKept(float weight)
    {
        Assert.True(Validate(Good with { Weight = weight }, out var interaction, out _));
        Assert.Equal(weight, interaction.Weight);
    }

    [Fact]
    public void TryValidate_EventTime_MustLieBetween1990AndTheToleratedFuture()
    {
        var earliest = new DateTimeOffset(1990, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();
        var latest = Now.AddDays(1).ToUnixTimeMilliseconds();
        Assert.True(Validate(Good with { EventTimeMs = earliest }, out _, out _));
        Assert.True(Validate(Good with { EventTimeMs = latest }, out _, out _));
        foreach (var time in new[] { earliest - 1, latest + 1, long.MinValue, long.MaxValue, Now.ToUnixTimeSeconds() })
        {
            Assert.False(Validate(Good with { EventTimeMs = time }, out _, out var violation));
            Assert.Equal("event_time_ms", violation.Field);
        }
    }

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void TryValidate_RecallId_HasAtMost64Bytes(int length, bool valid)
    {
        Assert.Equal(valid, Validate(Good with { RecallId = new string('r', length) }, out _, out var violation));
        if (!valid) Assert.Equal("recall_id", violation.Field);
    }

    private static bool Validate(in ReceivedInteraction received, out Interaction interaction, out Violation violation)
    {
        var validator = new InteractionValidator(new IngestOptions(), new FixedTime(Now));
        return InteractionValidator.TryValidate(received, validator.LatestMs, out interaction, out violation);
    }

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
