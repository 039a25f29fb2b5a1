namespace EmbeddingGrpc.Server.Access;

/// <summary>What a key lets its holder do. Reading models, generations and the catalogue is open to every key.</summary>
[Flags]
public enum AccessRole
{
    /// <summary>Nothing beyond what every key may do.</summary>
    None = 0,

    /// <summary>Ask for recalls and embeddings.</summary>
    Recall = 1,

    /// <summary>Send events.</summary>
    Ingest = 2,

    /// <summary>Everything: models, training, generations, the catalogue, erasure, and the other roles.</summary>
    Admin = 4 | Recall | Ingest,
}
