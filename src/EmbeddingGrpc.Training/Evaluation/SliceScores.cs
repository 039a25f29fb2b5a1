namespace EmbeddingGrpc.Training.Evaluation;

/// <summary>Gathers the scores of some queries. One thread.</summary>
internal sealed class SliceScores
{
    private readonly List<int> _users = [];
    private readonly List<RankingScores> _scores = [];

    /// <summary>Recall of each query.</summary>
    public double[] Recalls => [.. _scores.Select(score => score.Recall)];

    /// <summary>Adds a query's.</summary>
    public void Add(int user, RankingScores scores)
    {
        _users.Add(user);
        _scores.Add(scores);
    }

    /// <summary>Their means with confidence intervals.</summary>
    public SliceReport Report(ulong seed)
    {
        int[] users = [.. _users];
        return new SliceReport(
            _scores.Count,
            Estimate(score => score.Recall),
            Estimate(score => score.Hit),
            Estimate(score => score.Ndcg),
            Estimate(score => score.ReciprocalRank));

        Estimate Estimate(Func<RankingScores, double> value) => Bootstrap.Mean([.. _scores.Select(value)], users, seed);
    }
}
