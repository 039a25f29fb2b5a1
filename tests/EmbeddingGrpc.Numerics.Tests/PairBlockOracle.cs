namespace EmbeddingGrpc.Numerics.Tests;

/// <summary>One step of <see cref="PairBlock"/>, in double precision and one pair after the other.</summary>
internal static class PairBlockOracle
{
    /// <summary>Sum over pairs of rate-weighted losses: what a step descends.</summary>
    public static double Loss(double[][] x, double[] rates, double[][] y, double[] labels)
    {
        double sum = 0;
        for (int i = 0; i < x.Length; i++)
        {
            for (int o = 0; o < y.Length; o++)
            {
                double score = Dot(x[i], y[o]);
                sum -= rates[i] * ((labels[o] * Math.Log(Sigmoid(score))) + ((1 - labels[o]) * Math.Log(Sigmoid(-score))));
            }
        }

        return sum;
    }

    /// <summary>The changes of every row, all from the values before the step.</summary>
    public static (double[][] X, double[][] Y) Step(double[][] x, double[] rates, double[][] y, double[] labels)
    {
        var dx = x.Select(row => new double[row.Length]).ToArray();
        var dy = y.Select(row => new double[row.Length]).ToArray();
        for (int i = 0; i < x.Length; i++)
        {
            for (int o = 0; o < y.Length; o++)
            {
                double g = rates[i] * (labels[o] - Sigmoid(Dot(x[i], y[o])));
                for (int k = 0; k < x[i].Length; k++)
                {
                    dx[i][k] += g * y[o][k];
                    dy[o][k] += g * x[i][k];
                }
            }
        }

        return (dx, dy);
    }

    private static double Sigmoid(double score) => 1 / (1 + Math.Exp(-score));

    private static double Dot(double[] a, double[] b) => a.Zip(b, (p, q) => p * q).Sum();
}
