using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Training.Evaluation;

namespace EmbeddingGrpc.Cli.Evaluation;

/// <summary>How good a recommender is, as <c>--json</c> shows it.</summary>
internal sealed record RecommenderDocument(
    string Name, SliceDocument All, SliceDocument NewItems, SliceDocument LightUsers, double Coverage, double Novelty, double ColdShare)
{
    public static RecommenderDocument Of(RecommenderEvaluation report) => new(
        report.Name,
        SliceDocument.Of(report.All),
        SliceDocument.Of(report.NewItems),
        SliceDocument.Of(report.LightUsers),
        report.Coverage,
        report.Novelty,
        report.ColdShare);

    public static RecommenderDocument Of(RecommenderReport report) => new(
        report.Name,
        SliceDocument.Of(report.All),
        SliceDocument.Of(report.NewItems),
        SliceDocument.Of(report.LightUsers),
        report.Coverage,
        report.Novelty,
        report.ColdShare);
}
