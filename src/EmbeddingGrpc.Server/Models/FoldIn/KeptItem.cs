namespace EmbeddingGrpc.Server.Models.FoldIn;

/// <summary>An item of a <see cref="FoldInFile"/>.</summary>
/// <param name="Item">Without its contexts, which may not be known yet.</param>
/// <param name="Contexts">These.</param>
internal readonly record struct KeptItem(FoldInItem Item, KeptContext[] Contexts);
