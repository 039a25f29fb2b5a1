using CsCheck;
using EmbeddingGrpc.Server.Grpc;
using EmbeddingGrpc.Server.Pipeline;
using Google.Protobuf.Collections;
using Wire = EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Server.Tests.Grpc;

public sealed class ReceivedBatchTests
{
    private static readonly InteractionValidator Validator = new(new IngestOptions(), TimeProvider.System);

    [Fact]
    public void Numbered_AnyNumbersAndFaults_SplitsTheRequestWithoutLossAndKeepsNumbersRising() =>
        Gen.Select(Gen.Select(Gen.ULong[0, 40], Gen.Bool).Array[0, 60], Gen.ULong[0, 20]).Sample((sent, previous) =>
        {
            var source = new RepeatedField<Wire.Interaction>();
            foreach (var (number, good) in sent) source.Add(Events.Numbered(number, user: good ? "u" : string.Empty));
            var batch = ReceivedBatch.Numbered(source, Validator, previous);

            var rejected = batch.Rejected ?? [];
            Assert.Equal(sent.Length, batch.Interactions.Length + rejected.Count);
            Assert.Equal(batch.Interactions.Length, batch.Numbers!.Length);
            Assert.Equal(batch.Numbers.Distinct().Order(), batch.Numbers);
            Assert.All(batch.Numbers, number => Assert.True(number > previous && number <= batch.DoneThrough));
            Assert.All(rejected, r => Assert.Equal(sent[r.Index].Item1, r.Number));

            // The oracle: a number is done if it is above all before it, whether its interaction is good or not.
            var highest = previous;
            var expected = new List<ulong>();
            foreach (var (number, good) in sent)
            {
                if (number <= highest) continue;
                highest = number;
                if (good) expected.Add(number);
            }

            Assert.Equal(expected, batch.Numbers);
            Assert.Equal(highest == previous ? 0 : highest, batch.DoneThrough);
        });

    [Fact]
    public void Unnumbered_NumberWithoutProducer_IsRefused()
    {
        var batch = ReceivedBatch.Unnumbered([Events.Numbered(0), Events.Numbered(1)], Validator);
        Assert.Equal(("number", 1U), (Assert.Single(batch.Rejected!).Field, batch.Rejected![0].Index));
        Assert.Single(batch.Interactions);
        Assert.Null(batch.Numbers);
    }
}
