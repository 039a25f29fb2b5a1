using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Recall;

/// <summary>An answer as <c>--json</c> shows it.</summary>
internal sealed record RecallDocument(
    IReadOnlyList<RecalledItem> Items, string GenerationId, string Basis, string Source, string RecallId)
{
    public static RecallDocument Of(RecallResponse response, ItemTitles titles) => new(
        [.. response.Candidates.Select(candidate => new RecalledItem(candidate.ItemId, candidate.Score, candidate.Cold, titles[candidate.ItemId]))],
        response.GenerationId,
        response.Basis.ToString().ToLowerInvariant(),
        response.Source.ToString().ToLowerInvariant(),
        response.RecallId);
}
