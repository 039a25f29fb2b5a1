namespace EmbeddingGrpc.Server.Models.FoldIn;

/// <summary>A context of an item of a <see cref="FoldInFile"/>.</summary>
/// <param name="Reference">Its ordinal where that is one of the generation's base, else the complement of its key: ordinals of new items are given again.</param>
/// <param name="Weight">Its weight.</param>
/// <param name="IsBefore">Whether it came before the item.</param>
internal readonly record struct KeptContext(int Reference, float Weight, bool IsBefore);
