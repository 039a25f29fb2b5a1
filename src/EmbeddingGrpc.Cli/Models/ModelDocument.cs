using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Models;

/// <summary>A model as <c>--json</c> shows it.</summary>
internal sealed record ModelDocument(
    string Name,
    ulong DurableOffset,
    ulong AppliedOffset,
    ulong TrainedOffset,
    ulong UserCount,
    bool Training,
    string? EventsFrom,
    GenerationDocument? Serving,
    IReadOnlyDictionary<string, string> Options,
    IReadOnlyList<string> NeedsTraining,
    IReadOnlyList<string> NeedsRestart)
{
    public static ModelDocument Of(Model model) => new(
        model.Name,
        model.DurableOffset,
        model.AppliedOffset,
        model.TrainedOffset,
        model.UserCount,
        model.Training,
        model.EventsFrom.Length > 0 ? model.EventsFrom : null,
        model.Serving is null ? null : GenerationDocument.Of(model.Serving),
        new SortedDictionary<string, string>(model.Options, StringComparer.Ordinal),
        model.NeedsTraining,
        model.NeedsRestart);
}
