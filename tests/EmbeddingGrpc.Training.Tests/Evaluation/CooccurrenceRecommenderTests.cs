using EmbeddingGrpc.Training.Evaluation;

namespace EmbeddingGrpc.Training.Tests.Evaluation;

public sealed class CooccurrenceRecommenderTests
{
    private const int Window = 2;

    [Theory]
    [InlineData(1, 10)]
    [InlineData(2, 3)]
    // More than there are.
    [InlineData(3, 200)]
    public void Recommend_RandomSessions_AreThoseOfTheDefinition(int seed, int k)
    {
        var random = new Random(seed);
        var interactions = Enumerable.Range(0, 3000)
            .Select(n => new TimedInteraction($"user{random.Next(60)}", $"item{(int)(60 * Math.Pow(random.NextDouble(), 2))}", 1000 + n, true))
            .ToArray();
        var options = new EvaluationOptions { K = k };
        var cut = TimeCut.Find(interactions, 0.2, 1, 1)!.Value;
        var heldOut = HeldOut.Create(() => interactions, cut, options, TestContext.Current.CancellationToken);
        var sessions = interactions.Where(interaction => interaction.EventTimeMs < cut.TimeMs)
            .GroupBy(interaction => interaction.UserId).Select(user => user.Select(interaction => interaction.ItemId).ToArray()).ToArray();
        var vocabulary = Vocabulary.Create(sessions.SelectMany(session => session).GroupBy(item => item).Select(item => (item.Key, item.LongCount())).OrderByDescending(item => item.Item2));
        var corpus = TrainingCorpus.Over(vocabulary, sessions.Select(session => (Ordinals(session, vocabulary), Enumerable.Repeat(1f, session.Length).ToArray())));
        var recommender = new CooccurrenceRecommender(corpus, heldOut, Window, options, TestContext.Current.CancellationToken);

        Assert.NotEmpty(heldOut.Queries);
        foreach (var query in heldOut.Queries)
        {
            var recommended = new int[k];
            var count = recommender.Recommend(query.History, recommended);
            Assert.Equal(ByDefinition(query.History, sessions, heldOut, options, k).Select(heldOut.IdOf), recommended.Take(count).Select(heldOut.IdOf));
        }
    }

    private static int[] Ordinals(string[] session, Vocabulary vocabulary) =>
        [.. session.Select(item => vocabulary.TryGetOrdinal(item, out var ordinal) ? ordinal.Value : throw new InvalidOperationException(item))];

    private static IEnumerable<int> ByDefinition(IReadOnlyList<int> history, string[][] sessions, HeldOut heldOut, EvaluationOptions options, int k)
    {
        var scores = new Dictionary<int, double>();
        var place = 0;
        foreach (var item in history.Reverse().Distinct().Take(50))
        {
            var weight = Math.Pow(++place, -options.RecencyExponent) / Math.Sqrt(heldOut.CountOf(item));
            foreach (var near in sessions.SelectMany(session => Near(session, heldOut.IdOf(item))).GroupBy(other => other))
            {
                Assert.True(heldOut.TryGetItem(near.Key, out var number));
                scores[number] = scores.GetValueOrDefault(number) + (weight * near.Count() / Math.Sqrt(heldOut.CountOf(number)));
            }
        }

        return scores.Where(pair => !history.Contains(pair.Key)).OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key).Take(k).Select(pair => pair.Key);
    }

    private static IEnumerable<string> Near(string[] session, string item) =>
        from at in Enumerable.Range(0, session.Length)
        where session[at] == item
        from other in Enumerable.Range(0, session.Length)
        where Math.Abs(other - at) <= Window && session[other] != item
        select session[other];
}
