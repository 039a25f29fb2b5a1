using System.ComponentModel.DataAnnotations;

namespace EmbeddingGrpc.Training.Evaluation;

/// <summary>How recommenders are evaluated.</summary>
public sealed record EvaluationOptions
{
    /// <summary>The newest share of the interactions, which is asked for and never trained on.</summary>
    [Range(0.001, 0.9)]
    public double TestFraction { get; init; } = 0.1;

    /// <summary>Length of the lists that are judged.</summary>
    [Range(1, 1000)]
    public int K { get; init; } = 10;

    /// <summary>Queries at most; users are sampled where there are more.</summary>
    [Range(1, 1_000_000)]
    public int MaximumQueries { get; init; } = 5000;

    /// <summary>Queries of one user at most, spread evenly over what the user did, so that nobody speaks for all.</summary>
    [Range(1, 1000)]
    public int QueriesPerUser { get; init; } = 10;

    /// <summary>How many of a user's following new items are right answers.</summary>
    [Range(1, 100)]
    public int Horizon { get; init; } = 10;

    /// <summary>Items with at most this many interactions before the cut are the slice of new items.</summary>
    [Range(0, 1000)]
    public int NewItemCount { get; init; } = 3;

    /// <summary>Queries with at most this many items in the history are the slice of light users.</summary>
    [Range(1, 1000)]
    public int LightHistory { get; init; } = 5;

    /// <summary>The n-th most recent item of a history weighs <c>n^-exponent</c> in a query to embeddings.</summary>
    [Range(0.0, 10.0)]
    public double RecencyExponent { get; init; } = 1.25;

    /// <summary>Seed of the samples.</summary>
    public ulong Seed { get; init; } = 1;

    /// <exception cref="ArgumentException">An option is out of its range; names it.</exception>
    public void ThrowIfInvalid()
    {
        var wrong = new List<ValidationResult>();
        if (!Validator.TryValidateObject(this, new ValidationContext(this), wrong, validateAllProperties: true))
        {
            throw new ArgumentException(string.Join(' ', wrong.Select(result => result.ErrorMessage)));
        }
    }
}
