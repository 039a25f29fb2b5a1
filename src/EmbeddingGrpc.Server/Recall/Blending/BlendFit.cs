namespace EmbeddingGrpc.Server.Recall.Blending;

/// <summary>
/// Finds the weights under which the right candidates are most likely: a multinomial logit of six weights that are not negative, drawn towards the
/// defaults where there is little to learn from. Convex, so that there is one best, found by Newton's method; the same input gives the same weights. Stateless.
/// </summary>
internal static class BlendFit
{
    // Worth about as much as this many questions, so that a hundred move the weights halfway and thousands go where they belong.
    private const double PriorStrength = 5;

    // Below this share of the largest a weight costs more time than it finds.
    private const double LeastShare = 0.01;

    private const int MostSteps = 50;
    private const int N = BlendWeights.Count;

    /// <summary>Fits weights.</summary>
    /// <param name="examples">What to learn from; nothing gives the prior.</param>
    /// <param name="prior">What is believed without examples.</param>
    /// <param name="cancellationToken">Checked between steps.</param>
    public static BlendWeights Run(BlendExamples examples, BlendWeights prior, CancellationToken cancellationToken)
    {
        var (center, weights) = (prior.ToArray(), prior.ToArray());
        var (gradient, curvature) = (new double[N], new double[N * N]);
        for (var step = 0; step < MostSteps; step++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var loss = Loss(examples, weights, center, gradient, curvature);
            var direction = Solve(curvature, gradient, weights);
            if (!TryMove(examples, weights, direction, center, loss, out var moved)) break;
            var change = weights.Zip(moved, static (before, after) => Math.Abs(before - after)).Max();
            weights = moved;
            if (change < 1e-4) break;
        }

        var largest = weights.Max();
        return BlendWeights.Of(Array.ConvertAll(weights, weight => weight < LeastShare * largest ? 0 : weight));
    }

    private static bool TryMove(BlendExamples examples, double[] weights, double[] direction, double[] center, double loss, out double[] moved)
    {
        for (var length = 1.0; length > 1e-4; length /= 2)
        {
            var scale = length;
            moved = [.. weights.Zip(direction, (weight, by) => Math.Max(0, weight - (scale * by)))];
            if (Loss(examples, moved, center, null, null) < loss) return true;
        }

        moved = weights;
        return false;
    }

    private static double Loss(BlendExamples examples, double[] weights, double[] center, double[]? gradient, double[]? curvature)
    {
        gradient?.AsSpan().Clear();
        curvature?.AsSpan().Clear();
        var loss = 0.0;
        for (var example = 0; example < examples.Count; example++) loss += Loss(examples.Candidates(example), examples.RightOf(example), weights, gradient, curvature);
        for (var i = 0; i < N; i++)
        {
            var from = weights[i] - center[i];
            loss += 0.5 * PriorStrength * from * from;
            if (gradient is not null) gradient[i] += PriorStrength * from;
            if (curvature is not null) curvature[(i * N) + i] += PriorStrength;
        }

        return loss;
    }

    private static double Loss(ReadOnlySpan<float> candidates, int right, ReadOnlySpan<double> weights, double[]? gradient, double[]? curvature)
    {
        var count = candidates.Length / N;
        Span<double> mean = stackalloc double[N];
        mean.Clear();
        double highest = double.NegativeInfinity, rightScore = 0;
        var scores = System.Buffers.ArrayPool<double>.Shared.Rent(count);
        for (var c = 0; c < count; c++)
        {
            var score = 0.0;
            for (var i = 0; i < N; i++) score += weights[i] * candidates[(c * N) + i];
            scores[c] = score;
            highest = Math.Max(highest, score);
            if (c == right) rightScore = score;
        }

        var total = 0.0;
        for (var c = 0; c < count; c++) total += scores[c] = Math.Exp(scores[c] - highest);
        if (gradient is not null && curvature is not null)
        {
            for (var c = 0; c < count; c++)
            {
                var share = scores[c] / total;
                // What hardly anyone would choose bends nothing.
                if (share < 1e-9) continue;
                var values = candidates.Slice(c * N, N);
                for (var i = 0; i < N; i++)
                {
                    mean[i] += share * values[i];
                    for (var j = 0; j <= i; j++) curvature[(i * N) + j] += share * values[i] * values[j];
                }
            }

            for (var i = 0; i < N; i++)
            {
                gradient[i] += mean[i] - candidates[(right * N) + i];
                for (var j = 0; j <= i; j++) curvature[(i * N) + j] -= mean[i] * mean[j];
            }
        }

        System.Buffers.ArrayPool<double>.Shared.Return(scores);
        return highest + Math.Log(total) - rightScore;
    }

    /// <summary>The step of the weights that are free to go: one at zero that is pushed further down stays (a projected Newton step, Bertsekas 1982).</summary>
    private static double[] Solve(double[] curvature, double[] gradient, double[] weights)
    {
        var free = Enumerable.Range(0, N).Where(i => weights[i] > 0 || gradient[i] < 0).ToArray();
        var n = free.Length;
        var factor = new double[n, n];
        var step = new double[n];
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                var sum = curvature[(free[i] * N) + free[j]];
                for (var k = 0; k < j; k++) sum -= factor[i, k] * factor[j, k];
                // The prior keeps the diagonal above zero.
                factor[i, j] = i == j ? Math.Sqrt(Math.Max(sum, 1e-9)) : sum / factor[j, j];
            }

            step[i] = gradient[free[i]];
            for (var k = 0; k < i; k++) step[i] -= factor[i, k] * step[k];
            step[i] /= factor[i, i];
        }

        var direction = new double[N];
        for (var i = n - 1; i >= 0; i--)
        {
            for (var k = i + 1; k < n; k++) step[i] -= factor[k, i] * step[k];
            step[i] /= factor[i, i];
            direction[free[i]] = step[i];
        }

        return direction;
    }
}
