using EvaluationEstimate = EmbeddingGrpc.Training.Evaluation.Estimate;
using MessageEstimate = EmbeddingGrpc.Protocol.V1.Estimate;

namespace EmbeddingGrpc.Cli.Evaluation;

/// <summary>A mean with its 95% confidence interval, as <c>--json</c> shows it.</summary>
internal sealed record EstimateDocument(double Value, double Lower, double Upper)
{
    public static EstimateDocument Of(MessageEstimate estimate) => new(estimate.Value, estimate.Lower, estimate.Upper);

    public static EstimateDocument Of(EvaluationEstimate estimate) => new(estimate.Value, estimate.Lower, estimate.Upper);
}
