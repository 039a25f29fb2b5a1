namespace EmbeddingGrpc.Server.Recall.Graph;

/// <summary>Finds where the largest of many values end, in time that grows with their number alone (Hoare 1961, FIND). Stateless.</summary>
internal static class Selection
{
    // Enough to tell about where the wanted value lies.
    private const int Sample = 256;

    /// <summary>The n-th largest value, found among the few values that can be it: those above one that the sample says is certainly less.</summary>
    /// <param name="values">Finite; left as they are.</param>
    /// <param name="n">1..length.</param>
    /// <param name="room">[length]; overwritten.</param>
    public static float NthLargest(ReadOnlySpan<float> values, int n, Span<float> room)
    {
        if (values.Length >= 8 * Sample)
        {
            Span<float> sample = stackalloc float[Sample];
            for (var i = 0; i < Sample; i++) sample[i] = values[(int)((long)i * values.Length / Sample)];
            // Twice as many as are wanted, and some more, for the luck of the draw: where it is not enough, all of them are looked at.
            var rank = (int)Math.Min(Sample, (2L * n * Sample / values.Length) + 8);
            var least = NthLargest(sample, rank);
            var kept = 0;
            foreach (var value in values)
            {
                // Written whether it stays or not: a branch that cannot be foreseen costs more.
                room[kept] = value;
                kept += value >= least ? 1 : 0;
            }

            if (kept >= n) return NthLargest(room[..kept], n);
        }

        values.CopyTo(room);
        return NthLargest(room[..values.Length], n);
    }

    /// <summary>The n-th largest value.</summary>
    /// <param name="values">Finite; reordered.</param>
    /// <param name="n">1..length.</param>
    public static float NthLargest(Span<float> values, int n)
    {
        var wanted = n - 1;
        int low = 0, high = values.Length - 1;
        while (low < high)
        {
            var pivot = MedianOfThree(values[low], values[low + ((high - low) / 2)], values[high]);
            int left = low, right = high;
            while (left <= right)
            {
                while (values[left] > pivot) left++;
                while (values[right] < pivot) right--;
                if (left > right) break;
                (values[left], values[right]) = (values[right], values[left]);
                left++;
                right--;
            }

            if (wanted <= right) high = right;
            else if (wanted >= left) low = left;
            else return values[wanted];
        }

        return values[wanted];
    }

    private static float MedianOfThree(float a, float b, float c) => Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
}
