using System.Globalization;
using EvaluationMessage = EmbeddingGrpc.Protocol.V1.EvaluationReport;
using EvaluationReport = EmbeddingGrpc.Training.Evaluation.EvaluationReport;

namespace EmbeddingGrpc.Cli.Evaluation;

/// <summary>An evaluation as <c>--json</c> shows it, whether a daemon made it or this program.</summary>
internal sealed record EvaluationDocument(
    string CutTime,
    long TrainingInteractions,
    long TestInteractions,
    int Queries,
    int Users,
    double UnknownTargets,
    int K,
    IReadOnlyList<RecommenderDocument> Recommenders)
{
    public static EvaluationDocument Of(EvaluationMessage report) => new(
        Text(report.CutTime.ToDateTimeOffset()),
        (long)report.TrainingInteractions,
        (long)report.TestInteractions,
        (int)report.Queries,
        (int)report.Users,
        report.UnknownTargets,
        (int)report.K,
        [.. report.Recommenders.Select(RecommenderDocument.Of)]);

    public static EvaluationDocument Of(EvaluationReport report) => new(
        Text(DateTimeOffset.FromUnixTimeMilliseconds(report.CutTimeMs)),
        report.TrainingInteractions,
        report.TestInteractions,
        report.Queries,
        report.Users,
        report.UnknownTargets,
        report.K,
        [.. report.Recommenders.Select(RecommenderDocument.Of)]);

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
}
