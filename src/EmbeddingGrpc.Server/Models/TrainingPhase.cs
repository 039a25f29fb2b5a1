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

    /// <summary>Weighing the sources of recall, and learning what it was compared by or they are weighed by.</summary>
    Finish,

    /// <summary>Building and measuring the indexes.</summary>
    Index,

    /// <summary>Writing the generation to disk.</summary>
    Write,

    /// <summary>Reading it back, warming it up, folding in what came meanwhile, and letting it serve.</summary>
    Swap,
}
