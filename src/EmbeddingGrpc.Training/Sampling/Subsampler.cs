using System.Runtime.CompilerServices;

namespace EmbeddingGrpc.Training;

/// <summary>
/// Drops frequent items at random: an item of frequency f stays with probability <c>(sqrt(f / t) + 1) · t / f</c>, as the word2vec program
/// does it (Mikolov et al. 2013, section 2.3, gives sqrt(t / f)). Immutable after construction.
/// </summary>
internal sealed class Subsampler
{
    // Probability of staying as a fraction of 2^32; null keeps everything.
    private readonly uint[]? _keep;

    public Subsampler(Vocabulary vocabulary, double threshold)
    {
        if (threshold <= 0)
        {
            return;
        }

        _keep = new uint[vocabulary.Count];
        double t = threshold * vocabulary.TotalCount;
        for (int item = 0; item < _keep.Length; item++)
        {
            double count = vocabulary.Counts[item];
            _keep[item] = (uint)Math.Min(uint.MaxValue, (Math.Sqrt(count / t) + 1) * (t / count) * uint.MaxValue);
        }
    }

    /// <summary>Copies the items that stay. Returns how many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Apply(ReadOnlySpan<int> session, ref RandomSource random, Span<int> kept)
    {
        if (_keep is null)
        {
            session.CopyTo(kept);
            return session.Length;
        }

        int count = 0;
        foreach (int item in session)
        {
            kept[count] = item;
            count += (uint)(random.Next() >> 32) <= _keep[item] ? 1 : 0;
        }

        return count;
    }
}
