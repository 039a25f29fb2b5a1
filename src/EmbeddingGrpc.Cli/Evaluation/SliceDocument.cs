using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Training.Evaluation;

namespace EmbeddingGrpc.Cli.Evaluation;

/// <summary>How good a recommender is on some queries, as <c>--json</c> shows it.</summary>
internal sealed record SliceDocument(long Queries, EstimateDocument Recall, EstimateDocument HitRate, EstimateDocument Ndcg, EstimateDocument Mrr)
{
    public static SliceDocument Of(EvaluationSlice slice) => new(
        slice.Queries, EstimateDocument.Of(slice.Recall), EstimateDocument.Of(slice.HitRate), EstimateDocument.Of(slice.Ndcg), EstimateDocument.Of(slice.Mrr));

    public static SliceDocument Of(SliceReport slice) => new(
        slice.Queries, EstimateDocument.Of(slice.Recall), EstimateDocument.Of(slice.HitRate), EstimateDocument.Of(slice.Ndcg), EstimateDocument.Of(slice.Mrr));
}
