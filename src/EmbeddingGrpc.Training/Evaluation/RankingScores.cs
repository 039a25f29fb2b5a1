namespace EmbeddingGrpc.Training.Evaluation;

/// <summary>How good one list is.</summary>
/// <param name="Recall">Right answers in the list, of as many as could be in it.</param>
/// <param name="Hit">1 if any is.</param>
/// <param name="Ndcg">Discounted gain over that of the best list (Järvelin and Kekäläinen 2002), each right answer worth 1.</param>
/// <param name="ReciprocalRank">Of the first right answer; 0 without one.</param>
public readonly record struct RankingScores(double Recall, double Hit, double Ndcg, double ReciprocalRank)
{
    /// <summary>Judges a list.</summary>
    /// <param name="recommended">Best first.</param>
    /// <param name="targets">The right answers; not empty.</param>
    /// <param name="k">How long the list could be.</param>
    public static RankingScores Of(ReadOnlySpan<int> recommended, ReadOnlySpan<int> targets, int k)
    {
        ArgumentOutOfRangeException.ThrowIfZero(targets.Length);
        int hits = 0, first = -1;
        double gain = 0;
        for (int place = 0; place < Math.Min(k, recommended.Length); place++)
        {
            if (!targets.Contains(recommended[place]))
            {
                continue;
            }

            first = first < 0 ? place : first;
            hits++;
            gain += Discount(place);
        }

        int possible = Math.Min(k, targets.Length);
        double best = 0;
        for (int place = 0; place < possible; place++)
        {
            best += Discount(place);
        }

        return new RankingScores((double)hits / possible, hits > 0 ? 1 : 0, gain / best, first < 0 ? 0 : 1.0 / (first + 1));
    }

    private static double Discount(int place) => 1 / Math.Log2(place + 2);
}
