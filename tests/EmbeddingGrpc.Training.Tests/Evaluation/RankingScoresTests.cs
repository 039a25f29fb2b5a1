using EmbeddingGrpc.Training.Evaluation;

namespace EmbeddingGrpc.Training.Tests.Evaluation;

public sealed class RankingScoresTests
{
    [Fact]
    public void Of_NoRightAnswer_IsZero() => Assert.Equal(default, RankingScores.Of([1, 2, 3], [4], k: 3));

    [Fact]
    public void Of_AllRightInFront_IsOne() => Assert.Equal(new RankingScores(1, 1, 1, 1), RankingScores.Of([7, 8, 1], [8, 7], k: 3));

    [Fact]
    public void Of_OneOfTwoAtThirdPlace_MatchesTheDefinitions()
    {
        var scores = RankingScores.Of([1, 2, 7, 3], [7, 8], k: 4);

        Assert.Equal(0.5, scores.Recall);
        Assert.Equal(1, scores.Hit);
        Assert.Equal(1 / Math.Log2(4) / (1 + (1 / Math.Log2(3))), scores.Ndcg, 1e-12);
        Assert.Equal(1.0 / 3, scores.ReciprocalRank, 1e-12);
    }

    [Fact]
    public void Of_MoreTargetsThanPlaces_CountsWhatCouldBeNamed() => Assert.Equal(1, RankingScores.Of([1, 2], [1, 2, 3, 4], k: 2).Recall);

    [Fact]
    public void Of_RightAnswerBehindK_DoesNotCount() => Assert.Equal(default, RankingScores.Of([1, 2, 3], [3], k: 2));

    [Fact]
    public void Of_ShortList_IsJudgedAsIfTheRestWereWrong() => Assert.Equal(0.5, RankingScores.Of([1], [1, 2], k: 10).Recall);
}
