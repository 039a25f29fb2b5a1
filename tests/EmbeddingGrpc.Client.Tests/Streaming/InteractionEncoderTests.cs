using CsCheck;
using EmbeddingGrpc.Client.Streaming;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Client.Tests.Streaming;

public sealed class InteractionEncoderTests
{
    private static readonly Gen<string> Ids = Gen.OneOf(
        Gen.String[Gen.Char['!', '~'], 0, 60],
        Gen.String[Gen.Char['\u00a1', '\ud7ff'], 0, 300],
        Gen.Int[0, 300].Select(n => string.Concat(Enumerable.Repeat("🎬", n))));

    private static readonly Gen<Interaction> Interactions = Gen.Select(
        Gen.ULong, Ids, Ids, Gen.Enum<InteractionType>(), Gen.Long, Gen.Float.Nullable(), Ids,
        (number, user, item, type, time, weight, recall) =>
        {
            var interaction = new Interaction { Number = number, UserId = user, ItemId = item, Type = type, EventTimeMs = time, RecallId = recall };
            if (weight is { } value) interaction.Weight = value;
            return interaction;
        });

    [Fact]
    public void Write_AnyInteractions_ProtobufReadsThemBack() =>
        Interactions.Array[0, 5].Sample(interactions =>
        {
            var batch = new EventBatch(16);
            foreach (var interaction in interactions)
            {
                var fields = FieldsOf(interaction);
                var target = batch.GetSpan(InteractionEncoder.MaximumSize(in fields));
                batch.Advance(InteractionEncoder.Write(target, interaction.Number, in fields), interaction.Number);
            }
            Assert.Equal(new StreamEventsRequest { Interactions = { interactions } }, StreamEventsRequest.Parser.ParseFrom(batch.Encoded));
            Assert.Equal(interactions.Length, batch.Count);
        });

    [Fact]
    public void MaximumSize_AnyInteraction_IsNeverExceeded() =>
        Interactions.Sample(interaction =>
        {
            var fields = FieldsOf(interaction);
            var exact = new byte[InteractionEncoder.MaximumSize(in fields)];
            Assert.InRange(InteractionEncoder.Write(exact, interaction.Number, in fields), 1, exact.Length);
        });

    [Fact]
    public void MaximumSize_IdTooLongToSend_SaysHowLongItIs()
    {
        var failure = Assert.Throws<ArgumentException>(() =>
        {
            var fields = new InteractionFields { UserId = new string('x', 1025), ItemId = "i", EventTimeMs = 0 };
            InteractionEncoder.MaximumSize(in fields);
        });
        Assert.Contains("1025", failure.Message, StringComparison.Ordinal);
    }

    // Not the text itself as data: an attribute is stored as UTF-8, which has no lone surrogates.
    [Theory]
    [InlineData("")]
    [InlineData(" and then a text that is longer than forty-two characters")]
    public void Write_LoneSurrogate_IsRefusedInsteadOfReplaced(string rest) =>
        Assert.Throws<ArgumentException>(() =>
        {
            var fields = new InteractionFields { UserId = "u", ItemId = "\ud800" + rest, EventTimeMs = 0 };
            InteractionEncoder.Write(new byte[1000], 1, in fields);
        });

    private static InteractionFields FieldsOf(Interaction interaction) => new()
    {
        UserId = interaction.UserId,
        ItemId = interaction.ItemId,
        EventTimeMs = interaction.EventTimeMs,
        Type = interaction.Type,
        Weight = interaction.HasWeight ? interaction.Weight : null,
        RecallId = interaction.RecallId,
    };
}
