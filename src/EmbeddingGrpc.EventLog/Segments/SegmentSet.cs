namespace EmbeddingGrpc.EventLog.Segments;

/// <summary>The segments of a log in order of offset; at least one, the last is the one that is written. Changes are serialised, readers see a snapshot.</summary>
internal sealed class SegmentSet(Segment[] segments)
{
    private readonly Lock _changes = new();
    private Segment[] _segments = segments;
    private bool _closed;

    /// <summary>As it is now.</summary>
    public Segment[] Snapshot => Volatile.Read(ref _segments);

    public Segment Active => Snapshot[^1];

    public void Add(Segment segment)
    {
        lock (_changes) Volatile.Write(ref _segments, [.. _segments, segment]);
    }

    /// <summary>Drops the first segment.</summary>
    public void RemoveFirst()
    {
        Segment first;
        lock (_changes)
        {
            first = _segments[0];
            Volatile.Write(ref _segments, _segments[1..]);
        }
        first.Release();
    }

    /// <summary>Puts a segment with the same offsets in the place of another.</summary>
    public void Replace(Segment old, Segment successor)
    {
        lock (_changes) Volatile.Write(ref _segments, [.. _segments.Select(segment => segment == old ? successor : segment)]);
        old.Release();
    }

    /// <summary>Leases the segment that holds an offset, or the first one after it where retention has removed that.</summary>
    public Segment Acquire(long offset)
    {
        while (true)
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _closed), typeof(InteractionLog));
            var segments = Snapshot;
            var index = segments.Length - 1;
            while (index > 0 && segments[index].BaseOffset > offset) index--;
            // A lease fails only where the segment was dropped after the snapshot was taken.
            if (segments[index].TryAcquire()) return segments[index];
        }
    }

    /// <summary>Drops all of them; those that are being read stay open until their readers have finished.</summary>
    public void Close()
    {
        Volatile.Write(ref _closed, true);
        foreach (var segment in Snapshot) segment.Release();
    }
}
