namespace EmbeddingGrpc.Server.Models;

/// <summary>What a training is doing.</summary>
public enum TrainingPhase
{
    /// <summary>Reading the log into sessions.</summary>
    Read,

    /// <summary>Training the embeddings.</summary>
    Train,

    /// <summary>Comparing what was trained with the generation that serves.</summary>
    Evaluate,

    /// <summary>Learning what it was compared by.</summary>
    Finish,

    /// <summary>Building and measuring the indexes.</summary>
    Index,

    /// <summary>Writing the generation to disk and warming it up.</summary>
    Write,
}
