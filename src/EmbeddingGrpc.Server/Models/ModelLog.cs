using EmbeddingGrpc.Server.Models.Promotion;

namespace EmbeddingGrpc.Server.Models;

/// <summary>What the models write to the log of the daemon. Event ids are stable: 2000-2099.</summary>
internal static partial class ModelLog
{
    [LoggerMessage(2000, LogLevel.Information, "Model '{Model}' is open: {DurableOffset} interactions on disk")]
    public static partial void ModelOpened(ILogger logger, string model, long durableOffset);

    [LoggerMessage(2001, LogLevel.Error, "Model '{Model}' cannot be opened and does not serve: {Reason}")]
    public static partial void ModelNotOpened(ILogger logger, Exception exception, string model, string reason);

    [LoggerMessage(2002, LogLevel.Error, "The generations of model '{Model}' cannot be read: {Reason}")]
    public static partial void GenerationsUnreadable(ILogger logger, Exception exception, string model, string reason);

    [LoggerMessage(2003, LogLevel.Error, "The models in '{Directory}' cannot be listed: {Reason}")]
    public static partial void ModelsUnreadable(ILogger logger, Exception exception, string directory, string reason);

    [LoggerMessage(2004, LogLevel.Warning, "Model '{Model}' serves without all that is in its log; deleted items may be answered: {Reason}")]
    public static partial void ServingWithoutTheLog(ILogger logger, string model, string reason);

    [LoggerMessage(2010, LogLevel.Information, "Model '{Model}' serves generation {Number} ({Id}, {Items} items), loaded from disk and warm after {Seconds:f3} s")]
    public static partial void GenerationLoaded(ILogger logger, string model, long number, string id, int items, double seconds);

    [LoggerMessage(2011, LogLevel.Information, "Model '{Model}' serves its new generation {Number} ({Id}, {Items} items) after a swap of {Swap}")]
    public static partial void GenerationPublished(ILogger logger, string model, long number, string id, int items, SwapTimes swap);

    [LoggerMessage(2012, LogLevel.Error, "Generation '{Directory}' is refused: {File}: {Reason} Trying the next one")]
    public static partial void GenerationRefused(ILogger logger, Exception exception, string directory, string file, string reason);

    [LoggerMessage(2013, LogLevel.Warning, "Generation '{Directory}' is not listed: {Reason}")]
    public static partial void GenerationUnusable(ILogger logger, string directory, string reason);

    [LoggerMessage(2014, LogLevel.Error, "The file that names the serving generation cannot be used: {File}: {Reason} Trying the newest generation")]
    public static partial void ServingPointerUnusable(ILogger logger, Exception exception, string file, string reason);

    [LoggerMessage(2015, LogLevel.Error, "The generation that served last is gone: {Directory}. Trying the next one")]
    public static partial void ServingGenerationMissing(ILogger logger, string directory);

    [LoggerMessage(2016, LogLevel.Warning, "Removing what an interrupted write left behind: {Path}")]
    public static partial void LeftoverRemoved(ILogger logger, string path);

    [LoggerMessage(2017, LogLevel.Warning, "An old generation could not be deleted, trying again after the next training: {Path}: {Reason}")]
    public static partial void GenerationNotDeleted(ILogger logger, Exception exception, string path, string reason);

    [LoggerMessage(2020, LogLevel.Information, "Training model '{Model}' on {Through} interactions")]
    public static partial void TrainingStarted(ILogger logger, string model, long through);

    [LoggerMessage(2021, LogLevel.Information, "Trained model '{Model}' in {Seconds:f1} s: {Items} items, {WordsPerSecond:f0} words/s, loss {Loss:f4}, index recall@10 {Recall:f3}")]
    public static partial void TrainingEnded(ILogger logger, string model, double seconds, int items, double wordsPerSecond, double loss, double recall);

    [LoggerMessage(2022, LogLevel.Warning, "Model '{Model}' was not trained: {Reason}")]
    public static partial void TrainingRefused(ILogger logger, string model, string reason);

    [LoggerMessage(2023, LogLevel.Error, "The training of model '{Model}' failed: {Reason}")]
    public static partial void TrainingFailed(ILogger logger, Exception exception, string model, string reason);

    [LoggerMessage(2024, LogLevel.Information, "The training of model '{Model}' was stopped")]
    public static partial void TrainingStopped(ILogger logger, string model);

    [LoggerMessage(2025, LogLevel.Debug, "Model '{Model}': generation {Number} has {Items} items folded in after {Seconds:f3} s")]
    public static partial void FoldedIn(ILogger logger, string model, long number, int items, double seconds);

    [LoggerMessage(2026, LogLevel.Error, "New items of model '{Model}' are not folded in any more, and wait for trainings, until the daemon is restarted: {Reason}")]
    public static partial void FoldInFailed(ILogger logger, Exception exception, string model, string reason);

    [LoggerMessage(2027, LogLevel.Information, "Generation {Number} of model '{Model}' is {Verdict}: {Reason}")]
    public static partial void Judged(ILogger logger, string model, long number, PromotionVerdict? verdict, string? reason);

    [LoggerMessage(2028, LogLevel.Information, "Model '{Model}' serves generation {Number} ({Id}, {Items} items) again, as it was told to, after a swap of {Swap}")]
    public static partial void GenerationPromoted(ILogger logger, string model, long number, string id, int items, SwapTimes swap);

    [LoggerMessage(2029, LogLevel.Information, "Generation {Number} ({Id}) of model '{Model}' is kept and does not serve")]
    public static partial void GenerationKept(ILogger logger, string model, long number, string id);

    [LoggerMessage(2030, LogLevel.Information, "Importing vectors of {Items} items and dimension {Dimension} into model '{Model}'")]
    public static partial void ImportStarted(ILogger logger, string model, int items, int dimension);

    [LoggerMessage(2031, LogLevel.Warning, "What was folded into model '{Model}' cannot be kept in {Path}, and a restart will read more of the log: {Reason}")]
    public static partial void FoldInNotKept(ILogger logger, Exception exception, string model, string path, string reason);

    [LoggerMessage(2032, LogLevel.Warning, "What was folded into model '{Model}' is read from the log again, as {Path} cannot be used: {Reason}")]
    public static partial void KeptFoldInUnusable(ILogger logger, Exception exception, string model, string path, string reason);
}
