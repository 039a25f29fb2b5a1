using System.Collections.ObjectModel;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Models.Promotion;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models;

/// <summary>What is told of a generation, without its memory. Immutable.</summary>
public sealed record GenerationInfo
{
    /// <summary>Random; names it in responses and in cache keys.</summary>
    public required ulong Id { get; init; }

    /// <summary>Counts the model's generations from 1.</summary>
    public required long Number { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreateTime { get; init; }

    /// <summary>Log entries it was trained on.</summary>
    public required LogOffset TrainedOffset { get; init; }

    /// <summary>Items in its vocabulary.</summary>
    public required int ItemCount { get; init; }

    /// <summary>Floats of a vector.</summary>
    public required int Dimension { get; init; }

    /// <summary>Metric name to value, such as <c>training.words_per_second</c>.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = ReadOnlyDictionary<string, double>.Empty;

    /// <summary>Options that it was trained with, by name; empty where it was not trained here.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>Why it serves or does not; null where that was not written down.</summary>
    public PromotionReport? Promotion { get; init; }

    /// <summary><see cref="Id"/> as 16 hexadecimal digits.</summary>
    public string IdText => TextOf(Id);

    /// <summary>Whether W2 has a row an item, so that it tells what comes next. With a hierarchical softmax its rows are nodes of a tree.</summary>
    public bool PredictsNext =>
        !(Options.TryGetValue($"{nameof(ModelOptions.Training)}.{nameof(TrainingOptions.Objective)}", out var text)
            && Enum.TryParse(text, out TrainingObjective objective)
            && objective.IsHierarchical());

    /// <summary>Which vectors similar items are searched in.</summary>
    public SimilarVectors VectorSource =>
        Options.TryGetValue(nameof(ModelOptions.VectorSource), out var text) && Enum.TryParse(text, out SimilarVectors source) ? source : SimilarVectors.Space;

    /// <summary>What is told of a generation that is made of these parts.</summary>
    public static GenerationInfo Of(GenerationParts parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        return new GenerationInfo
        {
            Id = parts.Id,
            Number = parts.Number,
            CreateTime = parts.CreateTime,
            TrainedOffset = parts.TrainedOffset,
            ItemCount = parts.Vocabulary.Count,
            Dimension = parts.Input.Dimension,
            Metrics = parts.Metrics,
            Options = parts.Options,
            Promotion = parts.Promotion,
        };
    }

    /// <summary>An id as it is written everywhere: 16 lower-case hexadecimal digits.</summary>
    public static string TextOf(ulong id) => id.ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
}
