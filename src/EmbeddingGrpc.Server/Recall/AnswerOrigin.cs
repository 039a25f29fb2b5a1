namespace EmbeddingGrpc.Server.Recall;

/// <summary>Where an answer came from. The numbers are on the wire: never change one.</summary>
public enum AnswerOrigin : byte
{
    /// <summary>Searched for this call.</summary>
    Search = 1,

    /// <summary>The cache in the daemon's memory.</summary>
    Memory = 2,

    /// <summary>The cache in Redis.</summary>
    Redis = 3,
}
