namespace EmbeddingGrpc.Training;

/// <summary>Skip-gram with negative sampling (Mikolov et al. 2013) on several threads. Rows race by design (Niu et al. 2011); only one-thread training is reproducible.</summary>
public static class SkipGramTrainer
{
    /// <summary>Trains W1 and W2 on a corpus. The caller owns the result.</summary>
    /// <exception cref="InvalidOperationException">The corpus has no session of two items.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the threads are joined and the matrices freed.</exception>
    public static TrainedEmbeddings Train(
        TrainingCorpus corpus, TrainingOptions options, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();
}
