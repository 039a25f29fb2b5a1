using System.Diagnostics;
using System.Text;
using EmbeddingGrpc.Protocol.V1;
using Google.Protobuf;

namespace EmbeddingGrpc.Client.Streaming;

/// <summary>
/// Interactions encoded as the bytes of one <c>StreamEventsRequest</c>, so that sending and resending is a copy and an interaction costs no object.
/// Owned by one <see cref="SendBuffer"/>, under its lock until it is sealed and immutable until it is acknowledged.
/// </summary>
internal sealed class EventBatch
{
    private const byte TraceparentTag = StreamEventsRequest.TraceparentFieldNumber << 3 | 2;

    private byte[] _bytes;
    private int _length;
    private string? _traceparent;

    public EventBatch(int capacityBytes) => _bytes = new byte[capacityBytes];

    /// <summary>The first request of a stream, which carries no interactions.</summary>
    public static EventBatch OfStart(StreamStart start)
    {
        var bytes = new StreamEventsRequest { Start = start }.ToByteArray();
        return new EventBatch(0) { _bytes = bytes, _length = bytes.Length };
    }

    /// <summary>Interactions in it.</summary>
    public int Count { get; private set; }

    /// <summary>Number of its newest interaction.</summary>
    public ulong LastNumber { get; private set; }

    /// <summary>The encoded request.</summary>
    public ReadOnlySpan<byte> Encoded => _bytes.AsSpan(0, _length);

    /// <summary>Bytes of memory that it holds on to.</summary>
    public int CapacityBytes => _bytes.Length;

    /// <summary>A copy that holds on to no more than it carries.</summary>
    public EventBatch ToCompact() => new(0) { _bytes = Encoded.ToArray(), _length = _length, Count = Count, LastNumber = LastNumber };

    /// <summary>Room to encode one more interaction into; call <see cref="Advance"/> after.</summary>
    public Span<byte> GetSpan(int sizeHint)
    {
        if (_bytes.Length - _length < sizeHint) Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + sizeHint));
        return _bytes.AsSpan(_length);
    }

    /// <summary>Takes what was encoded into the last span.</summary>
    public void Advance(int bytes, ulong number)
    {
        _length += bytes;
        Count++;
        LastNumber = number;
    }

    /// <summary>Notes the trace in which its interactions are sent; told with them once it is sealed.</summary>
    public void BelongTo(Activity? activity) => _traceparent = activity is { IdFormat: ActivityIdFormat.W3C, Id: { } id } ? id : null;

    /// <summary>Nothing more is added.</summary>
    public void Seal()
    {
        if (_traceparent is not { } traceparent) return;
        var field = GetSpan(2 + traceparent.Length);
        (field[0], field[1]) = (TraceparentTag, (byte)Encoding.ASCII.GetBytes(traceparent, field[2..]));
        _length += 2 + traceparent.Length;
    }

    /// <summary>Empties it for reuse.</summary>
    public void Clear()
    {
        _traceparent = null;
        _length = 0;
        Count = 0;
        LastNumber = 0;
    }
}
