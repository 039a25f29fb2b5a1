namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>What an interaction did to a user's history.</summary>
internal enum HistoryChange
{
    /// <summary>It has its place in it.</summary>
    Placed,

    /// <summary>Nothing: it is older than all of a full history.</summary>
    TooOld,

    /// <summary>Nothing: the history, restored from a checkpoint, has it already.</summary>
    Repeated,
}
