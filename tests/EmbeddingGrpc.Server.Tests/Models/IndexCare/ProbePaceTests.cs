using EmbeddingGrpc.Server.Models.IndexCare;

namespace EmbeddingGrpc.Server.Tests.Models.IndexCare;

public sealed class ProbePaceTests
{
    [Theory]
    [InlineData(100, 0, 100)]
    [InlineData(100, 0.25, 50)]
    [InlineData(100, 0.45, 10)]
    [InlineData(100, 1, 10)]
    [InlineData(3, 0, 3)]
    [InlineData(0, 0, 0)]
    public void Next_LooksOfTenSeconds_AreSoManyASecondTogether(int aSecond, double busy, int expected)
    {
        const int looks = 20;
        var pace = new ProbePace(looks);

        var probes = Enumerable.Range(0, 10 * looks).Sum(_ => pace.Next(aSecond, busy));

        // What is left of one is due later.
        Assert.InRange(probes, (10 * expected) - 1, 10 * expected);
    }

    [Fact]
    public void Next_FewASecond_AreSpreadOverIt()
    {
        var pace = new ProbePace(20);

        var looks = Enumerable.Range(0, 40).Select(_ => pace.Next(100, 0.4)).ToArray();

        // A hundred a second while idle, a fifth of them now: one a look.
        Assert.Equal(Enumerable.Repeat(1, 38), looks.Skip(2));
    }
}
