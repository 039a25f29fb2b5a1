using EmbeddingGrpc.Cli.Demo;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Tests.Demo;

public sealed class AnswersTests
{
    [Fact]
    public void Percentile_OfAHundred_IsTheTimeWithinWhichThatShareCame()
    {
        var answers = new Answers([], [.. Enumerable.Range(1, 100).Select(i => (double)i).Reverse()]);

        Assert.Equal(51, answers.Percentile(0.50));
        Assert.Equal(100, answers.Percentile(0.99));
        Assert.Equal(100, answers.Percentile(1));
    }

    [Fact]
    public void CountFrom_CountsByPlace()
    {
        var answers = new Answers([new RecallResponse { Source = AnswerSource.Redis }, new RecallResponse { Source = AnswerSource.Memory }], [1, 1]);

        Assert.Equal(1, answers.CountFrom(AnswerSource.Redis));
        Assert.Equal(0, answers.CountFrom(AnswerSource.Search));
    }
}
