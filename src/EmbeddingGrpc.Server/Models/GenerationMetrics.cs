namespace EmbeddingGrpc.Server.Models;

/// <summary>Names of what is measured of a generation. Clients read them: never rename one.</summary>
public static class GenerationMetrics
{
    /// <summary>Interactions a second while training, over all epochs.</summary>
    public const string TrainingWordsPerSecond = "training.words_per_second";

    /// <summary>Mean loss of a training pair over the last interval.</summary>
    public const string TrainingLoss = "training.loss";

    /// <summary>Seconds of training alone, without reading and building sessions.</summary>
    public const string TrainingSeconds = "training.seconds";

    /// <summary>Passes over the sessions; below those that were asked for where the time limit was shorter.</summary>
    public const string TrainingEpochs = "training.epochs";

    /// <summary>1 where the vectors were smoothed at the end, 0 where not.</summary>
    public const string TrainingSmoothed = "training.smoothed";

    /// <summary>Seconds of reading the log into sessions.</summary>
    public const string ReadSeconds = "read.seconds";

    /// <summary>Interactions in the sessions that were trained on.</summary>
    public const string TrainingInteractions = "training.interactions";

    /// <summary>Sessions that were trained on.</summary>
    public const string TrainingSessions = "training.sessions";

    /// <summary>Trainings that went on from what served, one from the other, since one that began anew; 0 for one that did.</summary>
    public const string WarmStarts = "training.warm_starts";

    /// <summary>Items by which the vectors were turned onto those of the generation that served; absent where none did.</summary>
    public const string AlignedItems = "training.aligned_items";

    /// <summary>Recall of the comparison with the generation that served, on what neither was trained on; absent where there was none.</summary>
    public const string EvaluationRecall = "evaluation.recall";

    /// <summary>Recall of the generation that served, in the same comparison.</summary>
    public const string EvaluationServingRecall = "evaluation.serving_recall";

    /// <summary>Seconds of building both indexes.</summary>
    public const string IndexBuildSeconds = "index.build_seconds";

    /// <summary>Of the 10 nearest by W1 and cosine, the share that the index finds; on sampled items.</summary>
    public const string SimilarRecallAt10 = "index.recall_at_10";

    /// <summary>Of the 10 highest products with W2, the share that the index finds; queried with sampled items' W1 rows.</summary>
    public const string NextRecallAt10 = "index.next_recall_at_10";

    /// <summary>Bytes of W1 and W2.</summary>
    public const string VectorBytes = "size.vector_bytes";

    /// <summary>Bytes of both indexes beside the vectors.</summary>
    public const string IndexBytes = "size.index_bytes";

    /// <summary>Bytes of the vocabulary.</summary>
    public const string VocabularyBytes = "size.vocabulary_bytes";
}
