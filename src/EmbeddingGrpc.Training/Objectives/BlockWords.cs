namespace EmbeddingGrpc.Training;

/// <summary>
/// The items of one block of sessions that subsampling leaves, end to end, so that the next center is known across sessions. Reused from
/// block to block; one thread.
/// </summary>
internal sealed class BlockWords(TrainingCorpus corpus, Subsampler subsampler)
{
    private int[] _items = new int[1024];
    private float[] _weights = corpus.HasWeights ? new float[1024] : [];
    private int[] _ends = new int[64];

    /// <summary>What is not to be learned; null for nothing.</summary>
    public ValidationSlice? HeldOut { get; set; }

    /// <summary>Sessions with at least two items.</summary>
    public int SessionCount { get; private set; }

    /// <summary>Their items.</summary>
    public ReadOnlySpan<int> Items => _items.AsSpan(0, SessionCount == 0 ? 0 : _ends[SessionCount - 1]);

    /// <summary>Where a session ends in <see cref="Items"/>; the next one begins there.</summary>
    public int EndOf(int session) => _ends[session];

    /// <summary>Whether some interaction's weight is not one.</summary>
    public bool HasWeights => _weights.Length > 0;

    /// <summary>Square root of the weight of the interaction at a place of <see cref="Items"/>: a pair weighs the geometric mean of its two.</summary>
    public float RootWeight(int at) => _weights.Length == 0 ? 1 : _weights[at];

    /// <summary>Reads a block. Returns its interactions, before subsampling.</summary>
    public long Read(in TrainingBlock block, ref RandomSource random)
    {
        int used = 0;
        long seen = 0;
        SessionCount = 0;
        for (int index = block.FirstSession; index < block.EndSession; index++)
        {
            var session = corpus.Session(index);
            seen += session.Length;
            session = HeldOut is null ? session : HeldOut.Learned(index, session);
            Reserve(used + session.Length);
            int kept = corpus.HasWeights ? KeepWeighted(index, session, used, ref random) : subsampler.Apply(session, ref random, _items.AsSpan(used));
            if (kept > 1)
            {
                used += kept;
                _ends[SessionCount++] = used;
            }
        }

        return seen;
    }

    private int KeepWeighted(int index, ReadOnlySpan<int> session, int used, ref RandomSource random)
    {
        var weights = corpus.Weights(index);
        int kept = 0;
        for (int i = 0; i < session.Length; i++)
        {
            if (subsampler.Apply(session.Slice(i, 1), ref random, _items.AsSpan(used + kept)) > 0)
            {
                _weights[used + kept++] = MathF.Sqrt((float)weights[i]);
            }
        }

        return kept;
    }

    private void Reserve(int items)
    {
        if (items > _items.Length)
        {
            int size = Math.Max(items, _items.Length * 2);
            Array.Resize(ref _items, size);
            if (_weights.Length > 0)
            {
                Array.Resize(ref _weights, size);
            }
        }

        if (SessionCount == _ends.Length)
        {
            Array.Resize(ref _ends, SessionCount * 2);
        }
    }
}
