namespace EmbeddingGrpc.Training;

/// <summary>How the learning rate falls from its start to the end of the training.</summary>
public enum LearningRateSchedule
{
    /// <summary>In proportion to the work left, to a ten-thousandth.</summary>
    Linear,

    /// <summary>Along half a period of the cosine, to a ten-thousandth: slower than linear at both ends.</summary>
    Cosine,

    /// <summary>Not at all.</summary>
    Constant,
}
