using System.Runtime.InteropServices;

namespace EmbeddingGrpc.Server.Recall.Blending;

/// <summary>What speaks for each candidate of each question, and which candidate is right. Flat; one thread.</summary>
internal sealed class BlendExamples
{
    private readonly List<float> _values = [];
    private readonly List<(int Start, int Count, int Right)> _examples = [];

    /// <summary>Questions that some source found the answer of.</summary>
    public int Count => _examples.Count;

    /// <summary>Candidates of a question, <see cref="BlendWeights.Count"/> values each.</summary>
    public ReadOnlySpan<float> Candidates(int example) =>
        CollectionsMarshal.AsSpan(_values).Slice(_examples[example].Start * BlendWeights.Count, _examples[example].Count * BlendWeights.Count);

    /// <summary>Which of them is right.</summary>
    public int RightOf(int example) => _examples[example].Right;

    /// <summary>Adds a question.</summary>
    /// <param name="candidates">What speaks for each.</param>
    /// <param name="right">Which is right.</param>
    public void Add(ReadOnlySpan<BlendSignals> candidates, int right)
    {
        var start = _values.Count / BlendWeights.Count;
        CollectionsMarshal.SetCount(_values, _values.Count + (candidates.Length * BlendWeights.Count));
        var values = CollectionsMarshal.AsSpan(_values)[(start * BlendWeights.Count)..];
        for (var i = 0; i < candidates.Length; i++) candidates[i].CopyTo(values[(i * BlendWeights.Count)..]);
        _examples.Add((start, candidates.Length, right));
    }

    /// <summary>Questions whose right candidate is among the best.</summary>
    /// <param name="weights">What the signals count.</param>
    /// <param name="k">How many are the best; ties are shared.</param>
    public double Hits(BlendWeights weights, int k)
    {
        var hits = 0;
        var by = Array.ConvertAll(weights.ToArray(), static weight => (float)weight);
        for (var example = 0; example < Count; example++)
        {
            var candidates = Candidates(example);
            var right = Score(candidates, RightOf(example), by);
            int better = 0, equal = 0;
            for (var i = 0; i < candidates.Length / BlendWeights.Count; i++)
            {
                var score = Score(candidates, i, by);
                if (score > right) better++;
                else if (score == right) equal++;
            }

            if (better + ((equal - 1) / 2) < k) hits++;
        }

        return hits;
    }

    private static float Score(ReadOnlySpan<float> candidates, int i, ReadOnlySpan<float> weights)
    {
        var score = 0f;
        var values = candidates.Slice(i * BlendWeights.Count, BlendWeights.Count);
        for (var signal = 0; signal < BlendWeights.Count; signal++) score += weights[signal] * values[signal];
        return score;
    }
}
