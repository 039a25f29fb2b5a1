using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Models;

/// <summary>A generation as <c>--json</c> shows it.</summary>
internal sealed record GenerationDocument(
    string Id,
    ulong Number,
    bool Serving,
    string CreateTime,
    ulong TrainedOffset,
    ulong ItemCount,
    uint Dimension,
    IReadOnlyDictionary<string, double> Metrics,
    double? ElapsedSeconds,
    IReadOnlyDictionary<string, double>? PhaseSeconds,
    PromotionDocument? Promotion)
{
    /// <param name="generation">As the daemon tells it.</param>
    /// <param name="elapsedSeconds">How long its training took; null where that is not known.</param>
    /// <param name="phaseSeconds">How long each phase of it took; null where that is not known.</param>
    public static GenerationDocument Of(Generation generation, double? elapsedSeconds = null, IReadOnlyDictionary<string, double>? phaseSeconds = null) => new(
        generation.Id,
        generation.Number,
        generation.Serving,
        generation.CreateTime?.ToDateTimeOffset().ToString("O", System.Globalization.CultureInfo.InvariantCulture) ?? "",
        generation.TrainedOffset,
        generation.ItemCount,
        generation.Dimension,
        new SortedDictionary<string, double>(generation.Metrics, StringComparer.Ordinal),
        elapsedSeconds,
        phaseSeconds,
        generation.Promotion is null ? null : PromotionDocument.Of(generation.Promotion));
}
