using EmbeddingGrpc.Training.Evaluation;

namespace EmbeddingGrpc.Server.Models.Promotion;

/// <summary>Why a generation serves or does not. Immutable.</summary>
/// <param name="Verdict">What was found.</param>
/// <param name="Serves">Whether it was to serve.</param>
/// <param name="Reason">In words.</param>
/// <param name="Opponent">Id of the generation that it was compared with; null where there was none.</param>
/// <param name="Difference">By how much its recall is above that of the opponent; null where nothing was asked.</param>
/// <param name="Evaluation">How good both are, and popularity and co-occurrence; null where nothing was asked.</param>
public sealed record PromotionReport(
    PromotionVerdict Verdict, bool Serves, string Reason, string? Opponent = null, Estimate? Difference = null, EvaluationReport? Evaluation = null)
{
    /// <summary>Of a generation that is compared with nothing.</summary>
    public static PromotionReport Unopposed(string reason) => new(PromotionVerdict.Unopposed, Serves: true, reason);
}
