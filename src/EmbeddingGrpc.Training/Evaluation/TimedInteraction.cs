namespace EmbeddingGrpc.Training.Evaluation;

/// <summary>One interaction as an evaluation reads it.</summary>
/// <param name="UserId">Not empty.</param>
/// <param name="ItemId">Not empty.</param>
/// <param name="EventTimeMs">Milliseconds on any clock.</param>
/// <param name="MayTest">Whether it may be asked for. Off for what a compared model was trained on.</param>
public readonly record struct TimedInteraction(string UserId, string ItemId, long EventTimeMs, bool MayTest = true)
{
    /// <summary>How much it counts in training.</summary>
    public float Weight { get; init; } = 1;
}
