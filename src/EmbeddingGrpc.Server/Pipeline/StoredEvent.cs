using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>A <see cref="HistoryEvent"/> in 16 bytes: type and time share eight of them.</summary>
internal readonly struct StoredEvent(HistoryEvent source)
{
    private readonly long _timeAndType = (source.EventTimeMs << 8) | (byte)source.Type;
    private readonly int _item = source.Item.Value;
    private readonly float _weight = source.Weight;

    /// <summary>When it happened, in milliseconds since the Unix epoch.</summary>
    public long EventTimeMs => _timeAndType >> 8;

    /// <summary>As it was.</summary>
    public HistoryEvent Unpack() => new(new ItemKey(_item), (InteractionType)(byte)_timeAndType, EventTimeMs, _weight);

    /// <summary>All of them as they were, to the front of what is as long at least.</summary>
    public static void Unpack(ReadOnlySpan<StoredEvent> stored, Span<HistoryEvent> events)
    {
        for (var i = 0; i < stored.Length; i++) events[i] = stored[i].Unpack();
    }
}
