using System.Text;
using EmbeddingGrpc.EventLog.Groups;

namespace EmbeddingGrpc.EventLog.Producers;

/// <summary>A producer's state as it stands in a group or in a segment's header: it replaces what was known, it is not merged with it.</summary>
/// <param name="Name">The producer.</param>
/// <param name="Epoch">Its newest epoch.</param>
/// <param name="DoneThrough">Its highest durable number in that epoch.</param>
internal readonly record struct ProducerUpdate(string Name, ulong Epoch, ulong DoneThrough)
{
    public void Write(ByteWriter output)
    {
        output.WriteVarint((ulong)Encoding.UTF8.GetByteCount(Name));
        output.Advance(Encoding.UTF8.GetBytes(Name, output.GetSpan(IdLimits.MaximumBytes)));
        output.WriteVarint(Epoch);
        output.WriteVarint(DoneThrough);
    }

    public static ProducerUpdate Read(ref ByteReader input)
    {
        var name = Encoding.UTF8.GetString(input.ReadBytes(input.ReadLength()));
        return new ProducerUpdate(name, input.ReadVarint(), input.ReadVarint());
    }

    public static void Skip(ref ByteReader input)
    {
        input.ReadBytes(input.ReadLength());
        input.ReadVarint();
        input.ReadVarint();
    }
}
