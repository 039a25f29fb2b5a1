namespace EmbeddingGrpc.Server.Models;

/// <summary>What a training is doing.</summary>
public enum TrainingPhase
{
    /// <summary>Reading the log into sessions.</summary>
    Read,

    /// <summary>Training the embeddings.</summary>
    Train,

    /// <summary>Building and measuring the indexes.</summary>
    Index,

    /// <summary>Writing the generation to disk and warming it up.</summary>
    Write,
}
