namespace EmbeddingGrpc.EventLog.Segments;

/// <summary>
/// Where groups begin in one segment: one in every <see cref="Stride"/> bytes, and the newest. Written by one thread, read by any.
/// </summary>
internal sealed class SegmentIndex
{
    /// <summary>Bytes between two places that are remembered: 16 bytes of memory for each.</summary>
    public const int Stride = 64 * 1024;

    private readonly Lock _lock = new();
    private readonly List<Place> _places = [];

    /// <summary>Remembers that a group with these entries begins there. Groups come in order.</summary>
    public void Add(long baseOffset, long position)
    {
        lock (_lock)
        {
            var place = new Place(baseOffset, position);
            // The newest group is where the next reader of the tail will ask; once it is not the newest it is kept only if it is a stride away.
            if (_places.Count >= 2 && _places[^1].Position - _places[^2].Position < Stride) _places[^1] = place;
            else _places.Add(place);
        }
    }

    /// <summary>Remembers a group that a reader of a finished segment came by, if it is a stride beyond what is remembered.</summary>
    public void Extend(long baseOffset, long position)
    {
        lock (_lock)
        {
            if (_places.Count == 0 || position - _places[^1].Position >= Stride) _places.Add(new Place(baseOffset, position));
        }
    }

    /// <summary>The last remembered group that begins at or before an offset, as its position; null if there is none.</summary>
    public long? Find(long offset)
    {
        lock (_lock)
        {
            var low = 0;
            var high = _places.Count;
            while (low < high)
            {
                var middle = (low + high) >>> 1;
                if (_places[middle].BaseOffset <= offset) low = middle + 1;
                else high = middle;
            }
            return low == 0 ? null : _places[low - 1].Position;
        }
    }

    private readonly record struct Place(long BaseOffset, long Position);
}
