using System.Numerics.Tensors;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Recall.Blending;

namespace EmbeddingGrpc.Server.Recall.Interests;

/// <summary>
/// Divides the items of a history into a few interests: agglomerative clustering with average linkage of their cosines in the generation's space of
/// similar items. The same pulls give the same interests. Belongs to one thread's scratch and keeps its memory.
/// </summary>
/// <remarks>
/// Average linkage (Sokal and Michener 1958) by the update of Lance and Williams (1967): the similarity of a merged interest to another is the mean over
/// all pairs, so that neither one odd item (single linkage) nor one far pair (complete linkage) decides. Cubic in the items, which are tens: 50 take as
/// long as a few dozen products of vectors with each other. Pal et al. 2020 (PinnerSage) cluster histories agglomeratively for the same purpose.
/// </remarks>
internal sealed class InterestClusters
{
    /// <summary>Most items that are compared with each other; older ones join the interest that they are nearest to the newest item of.</summary>
    public const int MostCompared = 128;

    private int[] _interests = [];
    private int[] _sizes = [];
    private float[] _similarities = [];
    private float[] _inverseNorms = [];

    /// <summary>Divides pulls into interests.</summary>
    /// <param name="generation">Has their vectors.</param>
    /// <param name="pulls">Newest first. One that the generation lacks belongs to the interest of the item seen just after it, else of the newest that it has.</param>
    /// <param name="most">Interests at most; at least 1.</param>
    /// <param name="interests">[pulls]; receives each one's interest, 0.., numbered in the order of their newest items.</param>
    /// <returns>How many interests there are: one where the generation has none of the items.</returns>
    public int Divide(Generation generation, List<Pull> pulls, int most, out ReadOnlySpan<int> interests)
    {
        Grow(pulls.Count);
        var count = Math.Min(pulls.Count, MostCompared);
        var known = Compare(generation, pulls, count);
        for (; known > most; known--) MergeNearest(count);
        for (var i = count; i < pulls.Count; i++) _interests[i] = NearestTo(generation, pulls, i, count);
        interests = _interests.AsSpan(0, pulls.Count);
        return Number(pulls.Count);
    }

    /// <summary>Makes an interest of each item that has a vector, and finds how like they are.</summary>
    private int Compare(Generation generation, List<Pull> pulls, int count)
    {
        var known = 0;
        for (var i = 0; i < count; i++)
        {
            var isKnown = pulls[i].Item.IsInGeneration;
            (_interests[i], _sizes[i]) = isKnown ? (i, 1) : (-1, 0);
            if (!isKnown) continue;
            known++;
            var row = generation.SimilarityOf(pulls[i].Item.Ordinal);
            _inverseNorms[i] = EmbeddingScale.InverseNorm(row);
            for (var j = 0; j < i; j++)
            {
                if (_sizes[j] == 0) continue;
                var cosine = TensorPrimitives.Dot(row, generation.SimilarityOf(pulls[j].Item.Ordinal)) * _inverseNorms[i] * _inverseNorms[j];
                _similarities[(i * MostCompared) + j] = _similarities[(j * MostCompared) + i] = cosine;
            }
        }

        return known;
    }

    /// <summary>Merges the two interests that are most alike into the one with the newer item; of equal ones the newest.</summary>
    private void MergeNearest(int count)
    {
        var (first, second, best) = (-1, -1, float.NegativeInfinity);
        for (var i = 0; i < count; i++)
        {
            if (_sizes[i] == 0) continue;
            for (var j = i + 1; j < count; j++)
                if (_sizes[j] > 0 && _similarities[(i * MostCompared) + j] > best)
                    (first, second, best) = (i, j, _similarities[(i * MostCompared) + j]);
        }

        var (left, right) = (_sizes[first], _sizes[second]);
        for (var k = 0; k < count; k++)
        {
            if (_sizes[k] == 0 || k == first || k == second) continue;
            var mean = ((left * _similarities[(first * MostCompared) + k]) + (right * _similarities[(second * MostCompared) + k])) / (left + right);
            _similarities[(first * MostCompared) + k] = _similarities[(k * MostCompared) + first] = mean;
        }

        (_sizes[first], _sizes[second]) = (left + right, 0);
        for (var i = 0; i < count; i++)
            if (_interests[i] == second)
                _interests[i] = first;
    }

    /// <summary>The interest whose newest item is most like an item that was not compared.</summary>
    private int NearestTo(Generation generation, List<Pull> pulls, int item, int count)
    {
        if (!pulls[item].Item.IsInGeneration) return -1;
        var row = generation.SimilarityOf(pulls[item].Item.Ordinal);
        var (nearest, best) = (-1, float.NegativeInfinity);
        for (var i = 0; i < count; i++)
        {
            // An interest is numbered by its newest item.
            if (_sizes[i] == 0) continue;
            var cosine = TensorPrimitives.Dot(row, generation.SimilarityOf(pulls[i].Item.Ordinal)) * _inverseNorms[i];
            if (cosine > best) (nearest, best) = (i, cosine);
        }

        return nearest;
    }

    /// <summary>Gives items without a vector an interest, and numbers the interests from 0.</summary>
    private int Number(int count)
    {
        var earlier = -1;
        for (var i = 0; i < count && earlier < 0; i++) earlier = _interests[i];
        if (earlier < 0)
        {
            _interests.AsSpan(0, count).Clear();
            return 1;
        }

        var interests = 0;
        Array.Fill(_sizes, -1);
        for (var i = 0; i < count; i++)
        {
            if (_interests[i] >= 0) earlier = _interests[i];
            if (_sizes[earlier] < 0) _sizes[earlier] = interests++;
            _interests[i] = _sizes[earlier];
        }

        return interests;
    }

    private void Grow(int count)
    {
        if (_interests.Length < count) _interests = new int[Math.Max(count, 2 * _interests.Length)];
        if (_sizes.Length > 0) return;
        (_sizes, _inverseNorms, _similarities) = (new int[MostCompared], new float[MostCompared], new float[MostCompared * MostCompared]);
    }
}
