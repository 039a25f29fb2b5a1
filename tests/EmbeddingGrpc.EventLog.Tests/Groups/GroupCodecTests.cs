using System.Text;
using CsCheck;
using EmbeddingGrpc.EventLog.Groups;
using EmbeddingGrpc.EventLog.Producers;
using static EmbeddingGrpc.EventLog.Tests.LogSamples;

namespace EmbeddingGrpc.EventLog.Tests.Groups;

public sealed class GroupCodecTests
{
    private const int BaseOffset = 1_000_000;

    private static readonly Gen<string> Id = Gen.OneOf(
        Gen.Int[0, 50].Select(i => $"user-{i}"),
        Gen.Int[0, 1_000_000].Select(i => $"sku/{i}"),
        Gen.String[Gen.Char['a', 'ä'], 1, 120],
        Gen.Int[0, 20].Select(i => string.Concat(Enumerable.Repeat("日本語", 1 + i)) + i));

    private static readonly Gen<Interaction> AnyInteraction = Gen.Select(
        Id, Id, Gen.Int[0, 31], Gen.Long, Gen.OneOf(Gen.Const(1f), Gen.Float), Gen.OneOf(Gen.Const((string?)null), Id.Select(id => (string?)id)))
        .Select((user, item, type, time, weight, recall) => new Interaction(user, item, (InteractionType)type, time, weight, recall));

    private static readonly Gen<object> AnyEntry = Gen.Frequency(
        (20, AnyInteraction.Select(interaction => (object)interaction)),
        (1, Gen.Select(Id, Gen.Byte.Array[0, 300]).Select((id, bytes) => (object)new ItemUpserted(id, bytes))),
        (1, Id.Select(id => (object)new ItemDeleted(id))),
        (1, Gen.Byte.Array[1, 64].Select(hash => (object)new UserErased(hash))),
        (1, Gen.Int[1, 100_000].Select(count => (object)new EntryGap(EntryTag.Erased, count))));

    private static readonly Gen<ProducerUpdate> AnyProducer = Gen.Select(Id, Gen.ULong, Gen.ULong).Select((name, epoch, done) => new ProducerUpdate(name, epoch, done));

    [Fact]
    public void Encode_OfAnyGroup_IsDecodedToTheSame() =>
        Gen.Select(AnyEntry.Array[0, 200], AnyProducer.Array[0, 5]).Sample((entries, producers) =>
        {
            var (header, payload) = Encode(entries, producers);
            Assert.Equal(producers, GroupDecoder.ReadProducers(header, payload, 0));
            var decoder = new GroupDecoder();
            decoder.Begin(header, payload, 0);
            var offset = (long)BaseOffset;
            foreach (var expected in entries)
            {
                Assert.True(decoder.TryReadOrGap(out var entry, out var gap));
                object actual = gap.Count > 0 ? gap : entry.Record is { } record ? record : entry.Interaction;
                Assert.Equal(expected, actual);
                if (gap.Count == 0) Assert.Equal(offset, entry.Offset.Value);
                offset += Math.Max(1, gap.Count);
            }
            Assert.False(decoder.TryReadOrGap(out _, out _));
        }, iter: 500);

    [Fact]
    public void Decode_OfDamagedBytes_ThrowsInvalidDataOrEnds_WithinItsMemory()
    {
        var (header, payload) = Encode([.. Samples(0, 200).Cast<object>(), new ItemUpserted("a", new byte[500])], [new ProducerUpdate("p", 1, 2)]);
        var decoder = new GroupDecoder();
        Gen.Select(Gen.Int[0, payload.Length - 1].Array[1, 8], Gen.Byte.Array[8], Gen.Int[0, payload.Length], Gen.Int[0, int.MaxValue]).Sample((places, values, length, count) =>
        {
            var damaged = payload.ToArray();
            for (var i = 0; i < places.Length; i++) damaged[places[i]] = values[i];
            var before = GC.GetAllocatedBytesForCurrentThread();
            Decode(decoder, header with { PayloadLength = length, EntryCount = count }, damaged);
            // Every entry takes at least a byte, and what a byte can ask for is an id from the dictionary or a copy of bytes that are there.
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
        }, iter: 20_000, threads: 1);
    }

    [Fact]
    public void Decode_OfRandomBytes_ThrowsInvalidDataOrEnds()
    {
        var decoder = new GroupDecoder();
        Gen.Select(Gen.Byte.Array[0, 300], Gen.Int[0, 1000]).Sample(
            (bytes, count) => Decode(decoder, new GroupHeader(0, 0, 0, count, bytes.Length, 0, 0), bytes), iter: 50_000, threads: 1);
    }

    [Fact]
    public void Decode_OfAKindFromTheFuture_SaysSo()
    {
        var (header, payload) = Encode([Sample(0)], []);
        payload[1] = 0xF0;
        var decoder = new GroupDecoder();
        decoder.Begin(header, payload, 0);
        var refusal = Assert.Throws<InvalidDataException>(() => decoder.TryRead(out _));
        Assert.Contains("newer version", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Encode_OfRepeatedIds_TakesTwoBytesForThem()
    {
        var interaction = new Interaction("a-rather-long-user-id", "a-rather-long-item-id", InteractionType.Click, 1_700_000_000_000);
        var (_, once) = Encode([interaction], []);
        var (_, twice) = Encode([interaction, interaction], []);
        Assert.Equal(4, twice.Length - once.Length);
    }

    [Fact]
    public void GroupHeader_WithAnyBitFlipped_IsNotRead()
    {
        var bytes = new byte[GroupHeader.Size];
        new GroupHeader(4096, 4096, 77, 500, 9000, 1_700_000_000_000, 0xABCDEF).Write(bytes, salt: 99);
        Assert.True(GroupHeader.TryRead(bytes, 99, out var header));
        Assert.Equal(new GroupHeader(4096, 4096, 77, 500, 9000, 1_700_000_000_000, 0xABCDEF), header);
        Assert.False(GroupHeader.TryRead(bytes, 98, out _));
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << bit % 8);
            Assert.False(GroupHeader.TryRead(bytes, 99, out _));
            bytes[bit / 8] ^= (byte)(1 << bit % 8);
        }
    }

    private static void Decode(GroupDecoder decoder, GroupHeader header, byte[] bytes)
    {
        try
        {
            decoder.Begin(header, bytes, 0);
            while (decoder.TryRead(out var entry)) Assert.True(Encoding.UTF8.GetByteCount(entry.Interaction.UserId ?? "") <= 3 * IdLimits.MaximumBytes);
        }
        catch (InvalidDataException)
        {
            // The one answer to nonsense.
        }
    }

    private static (GroupHeader Header, byte[] Payload) Encode(object[] entries, ProducerUpdate[] producers)
    {
        var encoder = new GroupEncoder();
        foreach (var entry in entries)
        {
            if (entry is Interaction interaction) encoder.Add(interaction);
            else if (entry is LogRecord record) encoder.Add(record);
            else encoder.Add((EntryGap)entry);
        }
        var payload = encoder.Finish(producers)[GroupHeader.Size..].ToArray();
        return (new GroupHeader(0, 0, BaseOffset, encoder.EntryCount, payload.Length, 0, 0), payload);
    }
}
