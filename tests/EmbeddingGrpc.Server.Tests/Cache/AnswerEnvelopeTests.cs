using EmbeddingGrpc.Server.Cache;
using EmbeddingGrpc.Server.Recall;

namespace EmbeddingGrpc.Server.Tests.Cache;

public sealed class AnswerEnvelopeTests
{
    private static readonly RecallCacheKeys Keys = new(new RecallOptions(), new RecallCacheOptions());

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5000)]
    public void TryOpen_WhatWasSealed_GivesTheBody(int length)
    {
        var body = new byte[length];
        new Random(1).NextBytes(body);

        Assert.True(AnswerEnvelope.TryOpen(AnswerEnvelope.Seal(KeyOf("a"), body), KeyOf("a"), out var opened));
        Assert.Equal(body, opened.ToArray());
    }

    [Fact]
    public void TryOpen_AnswerToAnotherQuery_Refuses() =>
        Assert.False(AnswerEnvelope.TryOpen(AnswerEnvelope.Seal(KeyOf("a"), [1, 2, 3]), KeyOf("b"), out _));

    [Fact]
    public void TryOpen_AnyFlippedBit_Refuses()
    {
        var whole = AnswerEnvelope.Seal(KeyOf("a"), [1, 2, 3, 4, 5]);
        for (var bit = 0; bit < whole.Length * 8; bit++)
        {
            var damaged = (byte[])whole.Clone();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(AnswerEnvelope.TryOpen(damaged, KeyOf("a"), out _), $"bit {bit}");
        }
    }

    [Fact]
    public void TryOpen_AnyTruncation_Refuses()
    {
        var whole = AnswerEnvelope.Seal(KeyOf("a"), [1, 2, 3, 4, 5]);
        for (var length = 0; length < whole.Length; length++) Assert.False(AnswerEnvelope.TryOpen(whole[..length], KeyOf("a"), out _), $"length {length}");
    }

    private static RecallCacheKey KeyOf(string item) => Keys.For("default", 1, new RecallQuery { Subject = new ItemSubject(item) }, 0, 0, 0)!;
}
