using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Models.Promotion;
using EmbeddingGrpc.Training.Evaluation;
using Google.Protobuf.WellKnownTypes;
using Estimate = EmbeddingGrpc.Training.Evaluation.Estimate;
using EvaluationReport = EmbeddingGrpc.Training.Evaluation.EvaluationReport;
using PromotionVerdict = EmbeddingGrpc.Server.Models.Promotion.PromotionVerdict;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>Evaluations as messages.</summary>
internal static class EvaluationMessages
{
    public static Protocol.V1.Promotion ToMessage(this PromotionReport promotion) => new()
    {
        Verdict = promotion.Verdict switch
        {
            PromotionVerdict.Unopposed => Protocol.V1.PromotionVerdict.Unopposed,
            PromotionVerdict.Promoted => Protocol.V1.PromotionVerdict.Promoted,
            PromotionVerdict.Rejected => Protocol.V1.PromotionVerdict.Rejected,
            PromotionVerdict.Inconclusive => Protocol.V1.PromotionVerdict.Inconclusive,
            _ => Protocol.V1.PromotionVerdict.Unspecified,
        },
        Serves = promotion.Serves,
        Reason = promotion.Reason,
        OpponentId = promotion.Opponent ?? string.Empty,
        Difference = promotion.Difference?.ToMessage(),
        Evaluation = promotion.Evaluation?.ToMessage(),
    };

    public static Protocol.V1.EvaluationReport ToMessage(this EvaluationReport report) => new()
    {
        CutTime = Timestamp.FromDateTimeOffset(DateTimeOffset.FromUnixTimeMilliseconds(report.CutTimeMs)),
        TrainingInteractions = (ulong)report.TrainingInteractions,
        TestInteractions = (ulong)report.TestInteractions,
        Queries = (uint)report.Queries,
        Users = (uint)report.Users,
        UnknownTargets = report.UnknownTargets,
        K = (uint)report.K,
        Recommenders = { report.Recommenders.Select(ToMessage) },
    };

    private static RecommenderEvaluation ToMessage(RecommenderReport report) => new()
    {
        Name = report.Name,
        All = report.All.ToMessage(),
        NewItems = report.NewItems.ToMessage(),
        LightUsers = report.LightUsers.ToMessage(),
        Coverage = report.Coverage,
        Novelty = report.Novelty,
        ColdShare = report.ColdShare,
    };

    private static EvaluationSlice ToMessage(this SliceReport slice) => new()
    {
        Queries = (uint)slice.Queries,
        Recall = slice.Recall.ToMessage(),
        HitRate = slice.HitRate.ToMessage(),
        Ndcg = slice.Ndcg.ToMessage(),
        Mrr = slice.Mrr.ToMessage(),
    };

    private static Protocol.V1.Estimate ToMessage(this Estimate estimate) => new() { Value = estimate.Value, Lower = estimate.Lower, Upper = estimate.Upper };
}
