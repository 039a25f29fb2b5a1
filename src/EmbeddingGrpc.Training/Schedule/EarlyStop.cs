namespace EmbeddingGrpc.Training;

/// <summary>What a training that was watched found. Pure.</summary>
/// <remarks>
/// The rate has not fallen yet while a training is on its way, so that its vectors are worse than those of a shorter training would be: an earlier part is
/// only better where more does real harm, and the margin keeps chance out.
/// </remarks>
/// <param name="Scores">After equal parts of the training, the last one after all of it.</param>
internal readonly record struct EarlyStop(IReadOnlyList<double> Scores)
{
    /// <summary>How often a training is looked at.</summary>
    public const int Parts = 5;

    // The mean of 500 questions moves by some percent from one part to the next by chance.
    private const double Margin = 0.1;

    /// <summary>Whether a training may end here, because it has become worse twice.</summary>
    public bool IsHopeless => Scores.Count > 2 && Scores[^1] * (1 + Margin) < Scores.Max() && Scores[^2] * (1 + Margin) < Scores.Max();

    /// <summary>The share of the epochs after which it was best, 1 if nothing was clearly better than all of them.</summary>
    public double BestShare
    {
        get
        {
            var scores = Scores;
            int best = Enumerable.Range(0, scores.Count).MaxBy(part => scores[part]);
            return scores[best] > scores[^1] * (1 + Margin) ? (best + 1.0) / Parts : 1;
        }
    }
}
