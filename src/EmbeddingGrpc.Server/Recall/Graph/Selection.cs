namespace EmbeddingGrpc.Server.Recall.Graph;

/// <summary>Finds where the largest of many values end, in time that grows with their number alone (Hoare 1961, FIND). Stateless.</summary>
internal static class Selection
{
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
