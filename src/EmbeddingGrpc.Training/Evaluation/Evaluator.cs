namespace EmbeddingGrpc.Training.Evaluation;

/// <summary>Asks recommenders what is held out and judges their lists. Stateless.</summary>
public static class Evaluator
{
    /// <summary>Evaluates recommenders on the same queries.</summary>
    /// <param name="heldOut">The queries.</param>
    /// <param name="recommenders">With names of their own.</param>
    /// <param name="options">Length of the lists, and what the slices are.</param>
    /// <param name="progress">Told the share done, 0..1.</param>
    /// <param name="cancellationToken">Checked between queries.</param>
    public static EvaluationReport Evaluate(
        HeldOut heldOut, IReadOnlyList<IRecommender> recommenders, EvaluationOptions options, Action<double>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(heldOut);
        ArgumentNullException.ThrowIfNull(recommenders);
        ArgumentNullException.ThrowIfNull(options);
        var reports = new List<RecommenderReport>();
        foreach (var recommender in recommenders)
        {
            reports.Add(Judge(heldOut, recommender, options, done => progress?.Invoke((reports.Count + done) / recommenders.Count), cancellationToken));
        }

        long targets = heldOut.Queries.Sum(query => (long)query.Targets.Count);
        long unknown = heldOut.Queries.Sum(query => (long)query.Targets.Count(item => heldOut.CountOf(item) == 0));
        return new EvaluationReport(
            heldOut.Cut.TimeMs,
            heldOut.Cut.Before,
            heldOut.Cut.After,
            heldOut.Queries.Count,
            heldOut.Users,
            targets == 0 ? 0 : (double)unknown / targets,
            options.K,
            reports)
        {
            UserOfQueries = [.. heldOut.Queries.Select(query => query.User)],
        };
    }

    private static RecommenderReport Judge(
        HeldOut heldOut, IRecommender recommender, EvaluationOptions options, Action<double> progress, CancellationToken cancellationToken)
    {
        var all = new SliceScores();
        var newItems = new SliceScores();
        var lightUsers = new SliceScores();
        var covered = new HashSet<int>();
        double surprise = 0;
        long named = 0, cold = 0;
        var list = new int[options.K];
        for (int number = 0; number < heldOut.Queries.Count; number++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var query = heldOut.Queries[number];
            var recommended = list.AsSpan(0, recommender.Recommend(query.History, list));
            int[] targets = [.. query.Targets];
            all.Add(query.User, RankingScores.Of(recommended, targets, options.K));
            int[] rare = [.. targets.Where(item => heldOut.CountOf(item) <= options.NewItemCount)];
            if (rare.Length > 0)
            {
                newItems.Add(query.User, RankingScores.Of(recommended, rare, options.K));
            }

            if (query.History.Count <= options.LightHistory)
            {
                lightUsers.Add(query.User, RankingScores.Of(recommended, targets, options.K));
            }

            foreach (int item in recommended)
            {
                covered.Add(item);
                surprise -= Math.Log2(Math.Max(1, heldOut.CountOf(item)) / (double)Math.Max(1, heldOut.TotalCount));
                cold += recommender.IsCold(item) ? 1 : 0;
            }

            named += recommended.Length;
            progress((number + 1.0) / heldOut.Queries.Count);
        }

        return new RecommenderReport(
            recommender.Name,
            all.Report(options.Seed),
            newItems.Report(options.Seed),
            lightUsers.Report(options.Seed),
            covered.Count / (double)Math.Max(1, heldOut.CatalogueCount),
            named == 0 ? 0 : surprise / named,
            named == 0 ? 0 : (double)cold / named)
        {
            RecallOfQueries = all.Recalls,
        };
    }
}
