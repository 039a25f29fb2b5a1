using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Models.Promotion;

namespace EmbeddingGrpc.Server.Models;

/// <summary>Where a generation's vectors come from.</summary>
/// <param name="TrainedOffset">Log entries that they were made of; 0 for vectors from elsewhere.</param>
/// <param name="CreateTime">When.</param>
/// <param name="Metrics">What was measured of them so far.</param>
/// <param name="Options">Options that they were trained with, by name; empty for vectors from elsewhere.</param>
/// <param name="Promotion">Why it serves or does not.</param>
internal sealed record GenerationOrigin(
    LogOffset TrainedOffset,
    DateTimeOffset CreateTime,
    IReadOnlyDictionary<string, double> Metrics,
    IReadOnlyDictionary<string, string> Options,
    PromotionReport Promotion);
