using System.ComponentModel.DataAnnotations;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Server.Models.FoldIn;
using EmbeddingGrpc.Server.Models.IndexCare;
using EmbeddingGrpc.Server.Models.Promotion;
using EmbeddingGrpc.Server.Models.Retraining;
using EmbeddingGrpc.Server.Pipeline.Graph;
using EmbeddingGrpc.Training;
using Microsoft.Extensions.Options;

namespace EmbeddingGrpc.Server.Models;

/// <summary>One model's options. Configuration section <c>EmbeddingGrpc:Model</c> holds those of the default model.</summary>
public sealed record ModelOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "EmbeddingGrpc:Model";

    /// <summary>A user's sequence is cut into sessions where a gap is longer.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "36500.00:00:00")]
    public TimeSpan SessionGap { get; init; } = TimeSpan.FromDays(365);

    /// <summary>Interactions kept for each user.</summary>
    [Range(1, 1024)]
    public int HistoryLength { get; init; } = 50;

    /// <summary>Users kept at most; the one that was active longest ago goes first.</summary>
    [Range(1, 1_000_000_000)]
    public int MaximumUsers { get; init; } = 10_000_000;

    /// <summary>Generations kept on disk, the serving one included.</summary>
    [Range(1, 100)]
    public int KeepGenerations { get; init; } = 3;

    /// <summary>Generations with fewer items are searched row by row: below this a scan is as fast as a graph, and exact.</summary>
    [Range(0, 1_000_000)]
    public int ExactSearchBelow { get; init; } = 2000;

    /// <summary>
    /// Whether the vectors and indexes that serve are pages of their files instead of memory of their own, from the next generation on that is opened. The kernel may take such pages
    /// back where memory is short, and searches wait for it; memory of their own can have large pages, with which searches are faster and wait less for what the kernel does with pages.
    /// </summary>
    public bool MappedGenerations { get; init; }

    /// <summary>How far the threads of a training step back behind requests: 0 (not at all) to 19, as in nice(1).</summary>
    [Range(0, 19)]
    public int TrainingNiceness { get; init; } = 10;

    /// <summary>Which types of interaction train.</summary>
    public TrainingInteractions TrainOn { get; init; } = new();

    /// <summary>How much each type counts in training.</summary>
    [ValidateObjectMembers]
    public InteractionWeights TrainingWeights { get; init; } = new();

    /// <summary>Which vectors "what is similar" is read off.</summary>
    public SimilarVectors VectorSource { get; init; } = SimilarVectors.Space;

    /// <summary>An item seen this many times counts half as a similar item; 0 counts all alike.</summary>
    /// <remarks>
    /// More hides rare items better, but gathers them: with 3, the items of MovieLens-small that were seen once are within a cosine of 0.94 of each
    /// other, where 8-bit codes cannot tell them apart and 16% of the rows do not find themselves. With 1 all do, and recall@10 is 1.000.
    /// </remarks>
    [Range(0.0, 10_000.0)]
    public double SimilarityShrinkage { get; init; } = 1;

    /// <summary>How new items are recalled before the next training.</summary>
    [ValidateObjectMembers]
    public FoldInOptions FoldIn { get; init; } = new();

    /// <summary>When a trained generation takes the place of the one that serves.</summary>
    [ValidateObjectMembers]
    public PromotionOptions Promotion { get; init; } = new();

    /// <summary>When the model is trained without being told to.</summary>
    [ValidateObjectMembers]
    public RetrainOptions Retrain { get; init; } = new();

    /// <summary>
    /// What the options under <see cref="Training"/> are that are not set themselves: those in which the presets differ. Without effect on one that is set.
    /// </summary>
    public TrainingPreset Preset { get; init; } = TrainingPreset.Recommendation;

    /// <summary>The trainer.</summary>
    [ValidateObjectMembers]
    public TrainingOptions Training { get; init; } = new();

    /// <summary>The index.</summary>
    [ValidateObjectMembers]
    public HnswOptions Index { get; init; } = new();

    /// <summary>How the indexes are looked after while they serve.</summary>
    [ValidateObjectMembers]
    public IndexCareOptions IndexCare { get; init; } = new();

    /// <summary>The live item graph.</summary>
    [ValidateObjectMembers]
    public ItemGraphOptions Graph { get; init; } = new();

    /// <summary>The log.</summary>
    [ValidateObjectMembers]
    public EventLogOptions Log { get; init; } = new();
}
