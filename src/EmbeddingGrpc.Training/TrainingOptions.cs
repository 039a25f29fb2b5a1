using System.ComponentModel.DataAnnotations;

namespace EmbeddingGrpc.Training;

/// <summary>
/// How embeddings are trained. The defaults are for recommendation, not for text: many shared negatives, a flatter noise distribution,
/// direction, no subsampling. <see cref="Word2vec"/> has the defaults of text.
/// </summary>
public sealed record TrainingOptions
{
    /// <summary>The defaults of the word2vec program, for text: five negatives at exponent 0.75, subsampling, no direction.</summary>
    public static TrainingOptions Word2vec { get; } = new()
    {
        Window = 5,
        BackwardWeight = 1,
        NegativeSamples = 5,
        NoiseExponent = 0.75,
        Subsample = 1e-3,
        MinimumCount = 5,
        Epochs = 5,
        InitialScale = 1,
        LearningRate = 0.025,
        LearningRateSchedule = LearningRateSchedule.Linear,
        EarlyStopping = false,
        WeightDecay = 0,
        Smoothing = 0,
    };

    /// <summary>The options of a preset.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such preset.</exception>
    public static TrainingOptions Of(TrainingPreset preset) => preset switch
    {
        TrainingPreset.Recommendation => new TrainingOptions(),
        TrainingPreset.Word2vec => Word2vec,
        _ => throw new ArgumentOutOfRangeException(nameof(preset), preset, $"is none of {string.Join(", ", Enum.GetNames<TrainingPreset>())}."),
    };

    /// <summary>What is predicted from what, and how the prediction is scored.</summary>
    public TrainingObjective Objective { get; init; } = TrainingObjective.SkipGramNegativeSampling;

    /// <summary>Floats of a vector.</summary>
    [Range(2, 1024)]
    public int Dimension { get; init; } = 100;

    /// <summary>Context items on each side of a center.</summary>
    [Range(1, 1000)]
    public int Window { get; init; } = 8;

    /// <summary>Which items around a center are its contexts.</summary>
    public WindowMode WindowMode { get; init; } = WindowMode.Shrinking;

    /// <summary>
    /// Weight of a pair whose input comes after the item it predicts, 0..1. Below one, W1 queried against W2 learns what comes next instead
    /// of what comes near.
    /// </summary>
    [Range(0.0, 1.0)]
    public double BackwardWeight { get; init; } = 0.25;

    /// <summary>Negative samples shared by the contexts of a center.</summary>
    [Range(1, 1024)]
    public int NegativeSamples { get; init; } = 47;

    /// <summary>What negative samples are drawn by.</summary>
    public NoiseDistribution Noise { get; init; } = NoiseDistribution.PowerOfCount;

    /// <summary>
    /// Exponent of the noise distribution over item counts; 0 is uniform, 0.75 is word2vec's, a negative one prefers rare items. Without
    /// effect on <see cref="NoiseDistribution.LogUniform"/>.
    /// </summary>
    [Range(-4.0, 4.0)]
    public double NoiseExponent { get; init; } = 0.25;

    /// <summary>Subsampling threshold of frequent items (Mikolov et al. 2013, section 2.3); 0 turns it off.</summary>
    [Range(0.0, 1.0)]
    public double Subsample { get; init; }

    /// <summary>Items with fewer interactions are left out.</summary>
    [Range(1, int.MaxValue)]
    public int MinimumCount { get; init; } = 1;

    /// <summary>
    /// Most items with a row of their own in each matrix, the most frequent ones; the others share <see cref="SharedRows"/> by two hash
    /// functions, so that any number of ids trains in a fixed memory. 0: every item has its own.
    /// </summary>
    [Range(0, int.MaxValue)]
    public int MaximumVocabulary { get; init; }

    /// <summary>Rows that the items beyond <see cref="MaximumVocabulary"/> share; 0 means a quarter of it.</summary>
    [Range(0, int.MaxValue)]
    public int SharedRows { get; init; }

    /// <summary>Passes over the sessions.</summary>
    [Range(1, 10_000)]
    public int Epochs { get; init; } = 20;

    /// <summary>
    /// Holds out the last items of some sessions and asks for them on the way; where more epochs clearly do harm, everything is trained with fewer instead. Of no
    /// effect on a warm start, a time limit, fewer than five epochs, a few thousand sessions, shared rows and a hierarchical softmax.
    /// </summary>
    public bool EarlyStopping { get; init; } = true;

    /// <summary>Learning rate at the start.</summary>
    [Range(1e-6, 10.0)]
    public double LearningRate { get; init; } = 0.05;

    /// <summary>
    /// W1 starts uniform in ±this/<see cref="Dimension"/>; W2 starts at zero. word2vec's is 0.5. From larger values the few steps that a rare
    /// item gets lead further.
    /// </summary>
    [Range(1e-3, 1000.0)]
    public double InitialScale { get; init; } = 6;

    /// <summary>
    /// Every pair shrinks the rows of its two items by this, times the learning rate and its weight: what the sessions do not keep saying is forgotten, however
    /// many epochs there are. 0 turns it off. Without effect on objectives without negative sampling.
    /// </summary>
    [Range(0.0, 10.0)]
    public double WeightDecay { get; init; } = 0.05;

    /// <summary>How the learning rate falls.</summary>
    public LearningRateSchedule LearningRateSchedule { get; init; } = LearningRateSchedule.Cosine;

    /// <summary>
    /// After the training every vector turns toward those of the items next to its own in the sessions, by this share of its length; 0 turns it off.
    /// </summary>
    [Range(0.0, 10.0)]
    public double Smoothing { get; init; } = 0.3;

    /// <summary>How a full softmax treats the contexts of a center. Without effect on the other objectives.</summary>
    public LabelTreatment LabelTreatment { get; init; } = LabelTreatment.MultiHot;

    /// <summary>
    /// Training time at most, in seconds; 0 is no limit. Where it does not suffice, epochs, dimension and the share of the history that is
    /// seen are traded for it, and the result says what was traded (<see cref="TrainedEmbeddings.Trade"/>). Not reproducible.
    /// </summary>
    [Range(0.0, 1e7)]
    public double MaximumSeconds { get; init; }

    /// <summary>Training threads; 0 means one for each processor. Only one thread is reproducible.</summary>
    [Range(0, 1024)]
    public int Threads { get; init; }

    /// <summary>Niceness of the training threads, 0..19: above zero they yield to threads that answer requests.</summary>
    [Range(0, 19)]
    public int Niceness { get; init; }

    /// <summary>Seed of every random choice.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>Throws if an option is out of its range or contradicts another.</summary>
    /// <exception cref="ArgumentException">Names the option and what it may be.</exception>
    public void ThrowIfInvalid()
    {
        var problems = new List<ValidationResult>();
        if (!Validator.TryValidateObject(this, new ValidationContext(this), problems, validateAllProperties: true))
        {
            throw new ArgumentException(string.Join(' ', problems.Select(problem => problem.ErrorMessage)));
        }

        ThrowIfUndefined(Objective);
        ThrowIfUndefined(WindowMode);
        ThrowIfUndefined(Noise);
        ThrowIfUndefined(LearningRateSchedule);
        ThrowIfUndefined(LabelTreatment);
        if (MaximumVocabulary > 0 && Objective is not (TrainingObjective.SkipGramNegativeSampling or TrainingObjective.CbowNegativeSampling))
        {
            throw new ArgumentException($"MaximumVocabulary {MaximumVocabulary} needs an objective with negative sampling, not {Objective}.");
        }
    }

    private static void ThrowIfUndefined<TEnum>(TEnum value)
        where TEnum : struct, Enum
    {
        if (!Enum.IsDefined(value))
        {
            throw new ArgumentException($"{typeof(TEnum).Name} {value} is none of {string.Join(", ", Enum.GetNames<TEnum>())}.");
        }
    }
}
