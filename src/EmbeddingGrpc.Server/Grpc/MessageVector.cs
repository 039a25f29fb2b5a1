using System.Buffers;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>The values of a message as memory, where they lie. The message must not be changed any more.</summary>
/// <param name="values">The field.</param>
internal sealed class MessageVector(RepeatedField<float> values) : MemoryManager<float>
{
    /// <inheritdoc/>
    public override Span<float> GetSpan() => UnsafeCollectionOperations.AsSpan(values);

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always: the array belongs to the message.</exception>
    public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException("The values of a message are not pinned.");

    /// <inheritdoc/>
    public override void Unpin()
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }
}
