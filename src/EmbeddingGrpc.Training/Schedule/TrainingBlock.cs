namespace EmbeddingGrpc.Training;

/// <summary>A block of sessions to train on in one go.</summary>
/// <param name="Number">Its place in the whole training, the seed of its random choices.</param>
/// <param name="Epoch">Zero-based.</param>
/// <param name="FirstSession">First session.</param>
/// <param name="EndSession">The session after the last.</param>
/// <param name="LearningRate">Rate of its steps.</param>
internal readonly record struct TrainingBlock(long Number, int Epoch, int FirstSession, int EndSession, float LearningRate);
