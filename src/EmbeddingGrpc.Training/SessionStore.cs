namespace EmbeddingGrpc.Training;

/// <summary>
/// Sessions of item numbers, flat: four bytes an interaction and eight a session, in chunks so that growing never copies what is there.
/// One writer; any number of readers once writing has ended.
/// </summary>
internal sealed class SessionStore
{
    /// <summary>Longest session; a longer sequence is cut.</summary>
    public const int MaximumLength = ChunkInts - 1;

    private const int ChunkInts = 1 << 20;

    // A session is its length followed by its items, within one chunk; its position counts ints from the first chunk on.
    private readonly List<int[]> _chunks = [];
    private uint[] _positions = new uint[16];
    private int _chunkUsed = ChunkInts;

    /// <summary>Number of sessions.</summary>
    public int Count { get; private set; }

    /// <summary>Items in all sessions.</summary>
    public long WordCount { get; private set; }

    /// <summary>Bytes of memory held.</summary>
    public long SizeBytes => (_chunks.Sum(chunk => (long)chunk.Length) * sizeof(int)) + ((long)_positions.Length * sizeof(uint));

    /// <summary>The items of one session.</summary>
    public ReadOnlySpan<int> this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
            return Items(_positions[index]);
        }
    }

    /// <summary>Appends a session, in pieces if it is longer than <see cref="MaximumLength"/>; an empty one is nothing.</summary>
    public void Add(ReadOnlySpan<int> items)
    {
        for (; items.Length > MaximumLength; items = items[MaximumLength..])
        {
            AddPiece(items[..MaximumLength]);
        }

        if (!items.IsEmpty)
        {
            AddPiece(items);
        }
    }

    /// <summary>Replaces every item by <c>ordinals[item]</c> in place; items whose ordinal is negative go, and so do sessions that they leave empty.</summary>
    public void Renumber(ReadOnlySpan<int> ordinals, CancellationToken cancellationToken)
    {
        int kept = 0;
        WordCount = 0;
        for (int index = 0; index < Count; index++)
        {
            if ((index & 0xFFFF) == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            uint position = _positions[index];
            var items = Items(position);
            int length = 0;
            foreach (int item in items)
            {
                int ordinal = ordinals[item];
                if (ordinal >= 0)
                {
                    items[length++] = ordinal;
                }
            }

            if (length > 0)
            {
                _chunks[(int)(position / ChunkInts)][position % ChunkInts] = length;
                _positions[kept++] = position;
                WordCount += length;
            }
        }

        Count = kept;
    }

    private Span<int> Items(uint position)
    {
        int[] chunk = _chunks[(int)(position / ChunkInts)];
        int at = (int)(position % ChunkInts);
        return chunk.AsSpan(at + 1, chunk[at]);
    }

    private void AddPiece(ReadOnlySpan<int> items)
    {
        Reserve(1 + items.Length);
        int[] chunk = _chunks[^1];
        if (Count == _positions.Length)
        {
            Array.Resize(ref _positions, checked(_positions.Length * 2));
        }

        _positions[Count++] = checked((uint)(((long)(_chunks.Count - 1) * ChunkInts) + _chunkUsed));
        chunk[_chunkUsed] = items.Length;
        items.CopyTo(chunk.AsSpan(_chunkUsed + 1));
        _chunkUsed += 1 + items.Length;
        WordCount += items.Length;
    }

    private void Reserve(int ints)
    {
        if (_chunkUsed + ints > ChunkInts)
        {
            // The first chunk starts small and doubles, so that a corpus of ten sessions does not hold four megabytes.
            _chunks.Add(new int[_chunks.Count == 0 ? Math.Max(ints, 1024) : ChunkInts]);
            _chunkUsed = 0;
        }
        else if (_chunkUsed + ints > _chunks[^1].Length)
        {
            int[] chunk = _chunks[^1];
            Array.Resize(ref chunk, (int)Math.Min(ChunkInts, Math.Max(_chunkUsed + (long)ints, chunk.Length * 2L)));
            _chunks[^1] = chunk;
        }
    }
}
