using EmbeddingGrpc.Cli.Evaluation;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Models;

/// <summary>Why a generation serves or does not, as <c>--json</c> shows it.</summary>
internal sealed record PromotionDocument(
    string Verdict, bool Serves, string Reason, string? OpponentId, EstimateDocument? Difference, EvaluationDocument? Evaluation)
{
    public static PromotionDocument Of(Promotion promotion) => new(
        PromotionText.NameOf(promotion.Verdict),
        promotion.Serves,
        promotion.Reason,
        promotion.OpponentId.Length == 0 ? null : promotion.OpponentId,
        promotion.Difference is null ? null : EstimateDocument.Of(promotion.Difference),
        promotion.Evaluation is null ? null : EvaluationDocument.Of(promotion.Evaluation));
}
