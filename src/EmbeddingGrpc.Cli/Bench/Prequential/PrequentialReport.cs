namespace EmbeddingGrpc.Cli.Bench.Prequential;

/// <summary>What a replay in the order of time found.</summary>
/// <param name="Interactions">Interactions of the file.</param>
/// <param name="WarmUp">Those that were trained on before the first question.</param>
/// <param name="Steps">The others: each was asked for, then learned.</param>
/// <param name="NewItemSteps">Of these, those whose item came after the first training and had been seen before in the replay.</param>
/// <param name="UnknowableSteps">Of these, those whose item nobody had ever seen: a miss for everyone.</param>
/// <param name="K">Length of the lists.</param>
/// <param name="RetrainHours">Hours of the events' time between two trainings.</param>
/// <param name="Trainings">Trainings of each model that is retrained, the first included.</param>
/// <param name="Seconds">How long it all took.</param>
/// <param name="Answers">Each policy's and source's figures.</param>
internal sealed record PrequentialReport(
    int Interactions,
    int WarmUp,
    int Steps,
    long NewItemSteps,
    long UnknowableSteps,
    int K,
    double RetrainHours,
    int Trainings,
    double Seconds,
    IReadOnlyList<PrequentialAnswers> Answers);

/// <summary>How one policy with one choice of sources did.</summary>
/// <param name="Policy">How the model keeps up.</param>
/// <param name="Sources">What was asked: embeddings, the live item graph, or all sources.</param>
/// <param name="HitRate">Share of the steps whose item was in the list.</param>
/// <param name="NewItemHitRate">The same of the steps with new items.</param>
/// <param name="NewItemHits">How many that were.</param>
/// <param name="NewItemShare">Share of new items in the lists.</param>
/// <param name="HitRateOverTime">Hit rates of the tenths of the replay, in order.</param>
internal sealed record PrequentialAnswers(
    string Policy, string Sources, double HitRate, double NewItemHitRate, long NewItemHits, double NewItemShare, IReadOnlyList<double> HitRateOverTime);
