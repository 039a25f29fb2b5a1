namespace EmbeddingGrpc.Cli.Recall;

/// <summary>One item of an answer.</summary>
/// <param name="ItemId">Its id.</param>
/// <param name="Score">Higher is better.</param>
/// <param name="Cold">Whether the serving generation was not trained on it.</param>
/// <param name="Title">Null where titles were not asked for, or it has none.</param>
internal sealed record RecalledItem(string ItemId, float Score, bool Cold, string? Title);
