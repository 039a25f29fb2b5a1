namespace EmbeddingGrpc.Server.Models.Files;

/// <summary>One thing asked of the disk, in the order that a crash may fall between.</summary>
/// <param name="Action">What.</param>
/// <param name="Path">To which file or directory.</param>
internal readonly record struct DurableStep(DurableAction Action, string Path);
