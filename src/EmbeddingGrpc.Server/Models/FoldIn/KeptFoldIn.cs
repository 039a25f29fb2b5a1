using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Server.Models.FoldIn;

/// <summary>What a <see cref="FoldInFile"/> holds.</summary>
/// <param name="Through">Everything before it was looked at.</param>
/// <param name="Items">The items, in the order of their first interaction.</param>
internal sealed record KeptFoldIn(LogOffset Through, IReadOnlyList<KeptItem> Items);
