using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training;

/// <summary>
/// The space in which "similar" is read off by cosine. A row is the direction of W1 + W2 without what all rows share, and its last coordinate is
/// doubt: near 0 for an item that was seen often, near 1 for one that was seen once.
/// </summary>
/// <remarks>
/// Cosine over W1 alone fails on rare items: a row that was moved by a handful of pairs points almost anywhere, there are thousands of such rows, and
/// some of them are always nearer to a popular item than its true relatives. So (1) W1 and W2 are added at unit length, which counts an item's own
/// neighbours beside the neighbours of its neighbours (as Pennington et al. 2014, section 4.2, do for GloVe); (2) the direction of the mean row, which
/// says popularity and nothing else, is removed (Mu and Viswanath 2018, arXiv:1702.01417, with one component); (3) similarity is shrunk by
/// n / (n + shrinkage) for an item seen n times (Koren 2008, section 2.2 shrinks correlations so). Shrinking inside a cosine needs a coordinate
/// that no query points along: the mean's, which (2) left empty; a reflection turns it into the last one. A row as a query finds itself first;
/// a row with its last coordinate set to 0 (<see cref="ClearDoubt"/>) finds what is similar and known well.
/// </remarks>
public static class SimilaritySpace
{
    /// <summary>Smaller spaces have no coordinate to spare.</summary>
    public const int MinimumDimension = 8;

    /// <summary>Builds the table. The caller owns it.</summary>
    /// <param name="input">W1, [items, dimension], dimension at least <see cref="MinimumDimension"/>.</param>
    /// <param name="output">W2, [items, dimension].</param>
    /// <param name="vocabulary">The items in the order of the rows, with their counts.</param>
    /// <param name="shrinkage">How many interactions make an item half believed; 0 believes all.</param>
    /// <returns>[items, dimension], rows at unit length.</returns>
    /// <exception cref="ArgumentException">The shapes do not fit together.</exception>
    public static EmbeddingMatrix Build(EmbeddingMatrix input, EmbeddingMatrix output, Vocabulary vocabulary, double shrinkage)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(vocabulary);
        ArgumentOutOfRangeException.ThrowIfNegative(shrinkage);
        ArgumentOutOfRangeException.ThrowIfLessThan(input.Dimension, MinimumDimension, nameof(input));
        // Views: the matrices stay the caller's.
        var projection = SimilarityProjection.Fit(VectorTable.FromMatrix(input), VectorTable.FromMatrix(output), vocabulary);
        var similarity = new EmbeddingMatrix(input.Rows, input.Dimension);
        for (var i = 0; i < input.Rows; i++)
        {
            var item = new ItemOrdinal(i);
            projection.Place(input[item], output[item], vocabulary.CountOf(item), shrinkage, similarity[item]);
        }

        return similarity;
    }

    /// <summary>Turns a row into a query that does not prefer items as rare as itself.</summary>
    public static void ClearDoubt(Span<float> row) => row[^1] = 0;
}
