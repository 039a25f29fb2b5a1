using System.Runtime.CompilerServices;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Recall;

namespace EmbeddingGrpc.Server.Cache;

/// <summary>
/// Knows what each model is asked most, from a sample of its calls, and asks it again when another generation begins to serve: the hottest answers are in
/// memory and in Redis before most callers ask for them. One query at a time, beside the calls. Thread-safe.
/// </summary>
public sealed partial class CacheWarmer(
    RecallCacheKeys keys, RecallCacheOptions options, RecallMetrics metrics, IHostApplicationLifetime lifetime, ILogger<CacheWarmer> logger)
{
    // What is hot is asked so often that one call in so many tells it.
    private const int Sampling = 16;

    // More are counted than are asked again, or a newcomer would never be counted long enough to be among them.
    private const int CountedForEach = 4;

    [ThreadStatic]
    private static int _calls;

    private readonly ConditionalWeakTable<ModelRuntime, HotQueries> _models = [];

    /// <summary>A query was asked whose answer every caller could share.</summary>
    /// <param name="model">The model.</param>
    /// <param name="query">The query.</param>
    /// <param name="answer">Answers it from the serving generation and keeps the answer.</param>
    internal void Asked(ModelRuntime model, RecallQuery query, Func<ModelRuntime, RecallQuery, CancellationToken, ValueTask> answer)
    {
        if (++_calls % Sampling != 0 || options.WarmQueries == 0) return;
        if (!_models.TryGetValue(model, out var hot)) hot = _models.GetValue(model, _ => Watch(model, answer));
        hot.Asked(model.Name, query);
    }

    private HotQueries Watch(ModelRuntime model, Func<ModelRuntime, RecallQuery, CancellationToken, ValueTask> answer)
    {
        var hot = new HotQueries(keys, CountedForEach * options.WarmQueries);
        model.Generations.Published += generation => _ = Task.Run(() => WarmAsync(model, generation, hot, answer));
        return hot;
    }

    private async Task WarmAsync(
        ModelRuntime model, GenerationInfo generation, HotQueries hot, Func<ModelRuntime, RecallQuery, CancellationToken, ValueTask> answer)
    {
        var stopping = lifetime.ApplicationStopping;
        var (queries, warmed) = (hot.Hottest(options.WarmQueries), 0);
        foreach (var query in queries)
        {
            // Replaced already: its successor is warmed instead.
            if (stopping.IsCancellationRequested || model.Generations.Serving?.Id != generation.Id) return;
            try
            {
                await answer(model, query, stopping);
                metrics.Warmed();
                warmed++;
            }
            catch (ItemNotInGenerationException)
            {
                // Was hot, and is gone from the vocabulary.
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                LogStopped(model.Name, warmed, queries.Count, e);
                return;
            }
        }

        LogWarmed(model.Name, generation.IdText, warmed);
    }

    [LoggerMessage(4121, LogLevel.Information, "The {Count} hottest queries of model {Model} were answered anew by generation {Generation}.")]
    private partial void LogWarmed(string model, string generation, int count);

    [LoggerMessage(4122, LogLevel.Warning, "Answering the hottest queries of model {Model} anew ended after {Warmed} of {Count}; the others are searched when they are asked.")]
    private partial void LogStopped(string model, int warmed, int count, Exception exception);
}
