namespace EmbeddingGrpc.Training;

/// <summary>Counts item ids as they arrive and freezes them into a <see cref="Vocabulary"/>. Not thread-safe.</summary>
internal sealed class VocabularyBuilder
{
    private readonly IdTable _ids = new();
    private long[] _counts = new long[16];

    /// <summary>Distinct ids seen.</summary>
    public int Count => _ids.Count;

    /// <summary>Counts one appearance of an id. Returns its number in the order of first appearance.</summary>
    public int Add(ReadOnlySpan<byte> id) => CountOne(_ids.Intern(id));

    /// <inheritdoc cref="Add(ReadOnlySpan{byte})"/>
    public int Add(string id) => CountOne(_ids.Intern(id));

    /// <summary>
    /// Orders the ids seen at least <paramref name="minimumCount"/> times by falling count, ties by their bytes, and says which ordinal
    /// each number of <see cref="Add(string)"/> received (-1: left out).
    /// </summary>
    public Vocabulary Build(int minimumCount, out int[] ordinals)
    {
        var order = new int[_ids.Count];
        int kept = 0;
        for (int number = 0; number < order.Length; number++)
        {
            if (_counts[number] >= minimumCount)
            {
                order[kept++] = number;
            }
        }

        var chosen = order.AsSpan(0, kept);
        chosen.Sort((a, b) => _counts[a] != _counts[b] ? _counts[b].CompareTo(_counts[a]) : _ids[a].SequenceCompareTo(_ids[b]));

        ordinals = new int[_ids.Count];
        Array.Fill(ordinals, -1);
        var ids = new IdTable(kept);
        var counts = new long[kept];
        foreach (int number in chosen)
        {
            int ordinal = ids.Intern(_ids[number]);
            ordinals[number] = ordinal;
            counts[ordinal] = _counts[number];
        }

        return new Vocabulary(ids, counts);
    }

    private int CountOne(int number)
    {
        if (number == _counts.Length)
        {
            Array.Resize(ref _counts, checked(_counts.Length * 2));
        }

        _counts[number]++;
        return number;
    }
}
