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

    // Weights lie at their items' places in chunks of their own, which exist only once a weight is not one.
    private List<Half[]>? _weights;
    private uint[] _positions = new uint[16];
    private int _chunkUsed = ChunkInts;

    /// <summary>Number of sessions.</summary>
    public int Count { get; private set; }

    /// <summary>Items in all sessions.</summary>
    public long WordCount { get; private set; }

    /// <summary>Bytes of memory held.</summary>
    public long SizeBytes =>
        (_chunks.Sum(chunk => (long)chunk.Length) * sizeof(int)) + ((_weights?.Sum(chunk => (long)chunk.Length) ?? 0) * sizeof(ushort))
        + ((long)_positions.Length * sizeof(uint));

    /// <summary>Whether some weight is not one.</summary>
    public bool HasWeights => _weights is not null;

    /// <summary>The items of one session.</summary>
    public ReadOnlySpan<int> this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
            return Items(_positions[index]);
        }
    }

    /// <summary>The weights of one session's items; empty if all weights are one.</summary>
    public ReadOnlySpan<Half> Weights(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        return WeightsOf(_positions[index]);
    }

    /// <summary>Appends a session, in pieces if it is longer than <see cref="MaximumLength"/>; an empty one is nothing.</summary>
    /// <param name="items">[length].</param>
    /// <param name="weights">[length], or empty if all are one.</param>
    public void Add(ReadOnlySpan<int> items, ReadOnlySpan<float> weights = default)
    {
        while (!items.IsEmpty)
        {
            int length = Math.Min(items.Length, MaximumLength);
            AddPiece(items[..length], weights.IsEmpty ? weights : weights[..length]);
            items = items[length..];
            weights = weights.IsEmpty ? weights : weights[length..];
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
            var weights = WeightsOf(position);
            int length = 0;
            for (int i = 0; i < items.Length; i++)
            {
                int ordinal = ordinals[items[i]];
                if (ordinal >= 0)
                {
                    if (!weights.IsEmpty)
                    {
                        weights[length] = weights[i];
                    }

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

    private Span<Half> WeightsOf(uint position) => _weights is null
        ? []
        : _weights[(int)(position / ChunkInts)].AsSpan((int)(position % ChunkInts) + 1, Items(position).Length);

    private void AddPiece(ReadOnlySpan<int> items, ReadOnlySpan<float> weights)
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
        if (_weights is not null || weights.ContainsAnyExcept(1f))
        {
            StoreWeights(weights, items.Length);
        }

        _chunkUsed += 1 + items.Length;
        WordCount += items.Length;
    }

    private void StoreWeights(ReadOnlySpan<float> weights, int count)
    {
        // Chunks of weights follow those of items; what was stored before the first weight weighs one.
        _weights ??= [];
        while (_weights.Count < _chunks.Count)
        {
            var ones = new Half[_chunks[_weights.Count].Length];
            ones.AsSpan().Fill(Half.One);
            _weights.Add(ones);
        }

        if (_weights[^1].Length < _chunks[^1].Length)
        {
            var grown = _weights[^1];
            Array.Resize(ref grown, _chunks[^1].Length);
            grown.AsSpan(_weights[^1].Length).Fill(Half.One);
            _weights[^1] = grown;
        }

        for (int i = 0; i < count && !weights.IsEmpty; i++)
        {
            _weights[^1][_chunkUsed + 1 + i] = (Half)weights[i];
        }
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
