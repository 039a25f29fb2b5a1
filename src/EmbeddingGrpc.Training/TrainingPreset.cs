namespace EmbeddingGrpc.Training;

/// <summary>Defaults of <see cref="TrainingOptions"/> that belong together.</summary>
public enum TrainingPreset
{
    /// <summary>For what users do: many negatives of a flat distribution, direction, no subsampling.</summary>
    Recommendation,

    /// <summary>The word2vec program's, for text: <see cref="TrainingOptions.Word2vec"/>.</summary>
    Word2vec,
}
