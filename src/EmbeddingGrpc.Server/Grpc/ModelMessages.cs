using System.Globalization;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Models.Settings;
using Google.Protobuf.WellKnownTypes;
using Generation = EmbeddingGrpc.Protocol.V1.Generation;
using TrainingPhase = EmbeddingGrpc.Protocol.V1.TrainingPhase;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>The models' own types as messages.</summary>
internal static class ModelMessages
{
    public static Model ToMessage(this ModelRuntime model)
    {
        var serving = model.Generations.Serving;
        var message = new Model
        {
            Name = model.Name,
            DurableOffset = (ulong)model.Log.DurableOffset.Value,
            AppliedOffset = (ulong)model.Applier.AppliedOffset.Value,
            TrainedOffset = (ulong)(serving?.TrainedOffset.Value ?? 0),
            Serving = serving?.ToMessage(serving: true),
            UserCount = (ulong)model.Histories.UserCount,
            Training = model.Training.IsTraining,
            EventsFrom = model.EventsFrom ?? string.Empty,
            NeedsTraining = { model.NeedsTraining },
            NeedsRestart = { model.NeedsRestart },
        };
        foreach (var (name, value) in OptionText.Read(model.Options)) message.Options.Add(name, value);
        return message;
    }

    public static IEnumerable<UnavailableModel> UnavailableMessages(this ModelRegistry registry) =>
        registry.Failures.OrderBy(failure => failure.Key, StringComparer.Ordinal).Select(failure => new UnavailableModel { Name = failure.Key, Reason = failure.Value.Message });

    public static Protocol.V1.ModelOption ToMessage(this OptionDescriptor option, ModelOptions defaults) => new()
    {
        Name = option.Name,
        DefaultValue = option.Read(defaults),
        Type = option.ValueType.IsEnum ? "enum" : option.ValueType.Name.ToLowerInvariant(),
        Minimum = Convert.ToString(option.Range?.Minimum, CultureInfo.InvariantCulture),
        Maximum = Convert.ToString(option.Range?.Maximum, CultureInfo.InvariantCulture),
        AllowedValues = { option.AllowedValues },
        Effect = option.Effect switch
        {
            OptionEffect.NextTraining => ModelOptionEffect.NextTraining,
            OptionEffect.AtOnce => ModelOptionEffect.AtOnce,
            OptionEffect.Restart => ModelOptionEffect.Restart,
            _ => ModelOptionEffect.Unspecified,
        },
    };

    public static Generation ToMessage(this GenerationInfo generation, bool serving)
    {
        var message = new Generation
        {
            Id = generation.IdText,
            Number = (ulong)generation.Number,
            CreateTime = Timestamp.FromDateTimeOffset(generation.CreateTime),
            TrainedOffset = (ulong)generation.TrainedOffset.Value,
            ItemCount = (ulong)generation.ItemCount,
            Dimension = (uint)generation.Dimension,
            Serving = serving,
            Promotion = generation.Promotion?.ToMessage(),
        };
        foreach (var (name, value) in generation.Metrics) message.Metrics.Add(name, value);
        foreach (var (name, value) in generation.Options) message.Options.Add(name, value);
        return message;
    }

    public static TrainingProgress ToMessage(this TrainingStatus status) => new()
    {
        Phase = status.Phase switch
        {
            Models.TrainingPhase.Read => TrainingPhase.Read,
            Models.TrainingPhase.Train => TrainingPhase.Train,
            Models.TrainingPhase.Evaluate => TrainingPhase.Evaluate,
            Models.TrainingPhase.Finish => TrainingPhase.Finish,
            Models.TrainingPhase.Index => TrainingPhase.Index,
            Models.TrainingPhase.Write => TrainingPhase.Write,
            Models.TrainingPhase.Swap => TrainingPhase.Swap,
            _ => TrainingPhase.Unspecified,
        },
        Fraction = status.Fraction,
        WordsPerSecond = status.WordsPerSecond,
        Loss = status.Loss,
        ElapsedSeconds = status.Elapsed.TotalSeconds,
        RemainingSeconds = status.Remaining.TotalSeconds,
    };

    public static TrainingResult ToMessage(this TrainingOutcome outcome) =>
        new() { Generation = outcome.Generation.ToMessage(outcome.Serves), ElapsedSeconds = outcome.Elapsed.TotalSeconds };
}
