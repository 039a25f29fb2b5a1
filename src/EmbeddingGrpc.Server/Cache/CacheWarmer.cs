using System.Runtime.CompilerServices;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Recall;

namespace EmbeddingGrpc.Server.Cache;

/// <summary>
/// Asks again what each model is asked most when another generation begins to serve: the hottest answers are in memory and in Redis before most
/// callers ask for them. One query at a time, beside the calls. Thread-safe.
/// </summary>
public sealed partial class CacheWarmer(RecallCacheOptions options, RecallMetrics metrics, IHostApplicationLifetime lifetime, ILogger<CacheWarmer> logger)
{
    // More are counted than are asked again, or a newcomer would never be counted long enough to be among them.
    private const int CountedForEach = 4;

    private readonly ConditionalWeakTable<ModelRuntime, CacheWarmer> _watched = [];

    /// <summary>Lets a model's hottest questions be counted, and asked again after each swap. To be called as often as one likes.</summary>
    internal void Watch(ModelRuntime model)
    {
        if (options.WarmQueries == 0 || !_watched.TryAdd(model, this)) return;
        model.Generations.Asked.CountHottest(CountedForEach * options.WarmQueries);
        model.Generations.Published += generation => _ = Task.Run(() => WarmAsync(model, generation));
    }

    private async Task WarmAsync(ModelRuntime model, GenerationInfo generation)
    {
        var stopping = lifetime.ApplicationStopping;
        var (queries, warmed) = (model.Generations.Asked.Hottest(options.WarmQueries), 0);
        foreach (var query in queries)
        {
            // Replaced already: its successor is warmed instead.
            if (stopping.IsCancellationRequested || model.Generations.Serving?.Id != generation.Id) return;
            try
            {
                await query.AnswerAnewAsync(stopping);
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
