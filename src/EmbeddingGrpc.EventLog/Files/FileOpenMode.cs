namespace EmbeddingGrpc.EventLog.Files;

/// <summary>What a file is opened for.</summary>
public enum FileOpenMode
{
    /// <summary>To read a file that exists.</summary>
    Read,

    /// <summary>To read and write a file that exists.</summary>
    Write,

    /// <summary>To read and write a file that does not exist yet.</summary>
    Create,
}
