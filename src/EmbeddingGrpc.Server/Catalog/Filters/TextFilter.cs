namespace EmbeddingGrpc.Server.Catalog.Filters;

/// <summary>On a text or a set of texts.</summary>
/// <param name="Attribute">Its name.</param>
/// <param name="Texts">At least one.</param>
/// <param name="All">Whether a set must have all of them; not for a text.</param>
public sealed record TextFilter(string Attribute, IReadOnlyList<string> Texts, bool All) : ItemFilter;
