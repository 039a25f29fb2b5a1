namespace EmbeddingGrpc.Server.Models.Files;

/// <summary>What is asked of the disk.</summary>
internal enum DurableAction
{
    /// <summary>Create a directory.</summary>
    CreateDirectory,

    /// <summary>Write a new file.</summary>
    WriteFile,

    /// <summary>Bring a file's bytes to stable storage.</summary>
    SyncFile,

    /// <summary>Give a file or directory its final name.</summary>
    Rename,

    /// <summary>Bring the names in a directory to stable storage.</summary>
    SyncDirectory,

    /// <summary>Remove a directory that has no final name any more.</summary>
    DeleteDirectory,
}
