using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Cli.TrainFile;

/// <summary>What a training of a file made, as JSON.</summary>
/// <param name="Words">Interactions trained on, every epoch counted, before subsampling.</param>
/// <param name="Seconds">Training alone, without reading and writing files.</param>
/// <param name="WordsPerSecond">The one by the other.</param>
/// <param name="ReadSeconds">Reading the file and building the corpus.</param>
/// <param name="Items">Vectors.</param>
/// <param name="Sequences">Lines with at least one item.</param>
/// <param name="Dimension">Values of a vector.</param>
/// <param name="Epochs">Passes over the file; below one, the share of it that was seen.</param>
/// <param name="Loss">Mean loss of a pair at the end.</param>
/// <param name="RequestedDimension">What was asked for, if the time limit gave some of it up.</param>
/// <param name="RequestedEpochs">What was asked for, if the time limit gave some of it up.</param>
/// <param name="BestEpochs">The epochs made, where more would have done harm.</param>
/// <param name="ValidationScores">How well what was held out was found after each fifth of the epochs, where that was watched.</param>
/// <param name="GaveUpSmoothing">Whether the time limit left none for the smoothing.</param>
internal sealed record TrainFileDocument(
    long Words,
    double Seconds,
    double WordsPerSecond,
    double ReadSeconds,
    int Items,
    int Sequences,
    int Dimension,
    double Epochs,
    double Loss,
    int? RequestedDimension,
    int? RequestedEpochs,
    int? BestEpochs,
    IReadOnlyList<double>? ValidationScores,
    bool? GaveUpSmoothing)
{
    public static TrainFileDocument Of(TrainingCorpus corpus, TrainedEmbeddings trained, TimeSpan reading) => new(
        trained.WordsTrained,
        Math.Round(trained.Elapsed.TotalSeconds, 3),
        Math.Round(trained.WordsPerSecond),
        Math.Round(reading.TotalSeconds, 3),
        corpus.Vocabulary.Count,
        corpus.SessionCount,
        trained.Input.Dimension,
        Math.Round(trained.Trade.Epochs, 3),
        trained.FinalLoss,
        trained.Trade.GaveUp ? trained.Trade.RequestedDimension : null,
        trained.Trade.GaveUp ? trained.Trade.RequestedEpochs : null,
        trained.BestEpochs,
        trained.ValidationScores.Count == 0 ? null : [.. trained.ValidationScores.Select(score => Math.Round(score, 4))],
        trained.Trade.GaveUp ? trained.Trade.GaveUpSmoothing : null);
}
