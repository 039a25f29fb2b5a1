using System.Diagnostics;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Client;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Training.Evaluation;

namespace EmbeddingGrpc.Cli.Bench.Prequential;

/// <summary>
/// Replays what happened in the order of its time through a daemon of its own: at each step the models are asked what the user does next, then they are told
/// (prequential evaluation; Gama et al. 2013). Models with different policies hear the same events, so that they differ in nothing else.
/// </summary>
/// <param name="daemon">The daemon.</param>
/// <param name="interactions">In the order of time.</param>
/// <param name="warmUp">How many of them are trained on before the first question.</param>
/// <param name="k">Length of the lists.</param>
/// <param name="retrainEvery">Of the events' time.</param>
/// <param name="settings">Options of all models.</param>
internal sealed class PrequentialReplay(
    ReplayDaemon daemon, IReadOnlyList<TimedInteraction> interactions, int warmUp, int k, TimeSpan retrainEvery, IReadOnlyDictionary<string, string> settings)
{
    private const string Events = "events";
    private const int BatchSize = 1000;

    private readonly IReadOnlyList<PrequentialQuestion> _questions = PrequentialQuestion.Of(PrequentialPolicy.All);
    private readonly HashSet<string> _trainedItems = new(StringComparer.Ordinal);
    private int _trainings;

    /// <summary>Interactions that the daemon refused, such as those of an impossible time: nobody learned from them.</summary>
    public int Refused { get; private set; }

    /// <summary>Why the first of them was.</summary>
    public string? Refusal { get; private set; }

    /// <summary>Runs it.</summary>
    /// <param name="client">Of the daemon.</param>
    /// <param name="display">Shows each step.</param>
    /// <param name="cancellationToken">Ends it without a report.</param>
    public async Task<PrequentialReport> RunAsync(EmbeddingClient client, ProgressDisplay display, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var step = display.Begin("warm up");
        await CreateModelsAsync(client, cancellationToken);
        for (var from = 0; from < warmUp; from += BatchSize)
        {
            foreach (var interaction in await AppendAsync(client, from, Math.Min(BatchSize, warmUp - from), cancellationToken)) _trainedItems.Add(interaction.ItemId);
            step.Report((double)from / warmUp);
        }

        foreach (var policy in PrequentialPolicy.All) await client.TrainAsync(policy.Model, cancellationToken: cancellationToken);
        _trainings = 1;
        step.Done($"{warmUp:N0} interactions, {PrequentialPolicy.All.Count} models");

        step = display.Begin("recall, then learn");
        var steps = interactions.Count - warmUp;
        var tallies = _questions.Select(_ => new PrequentialTally(steps)).ToArray();
        var seen = new HashSet<string>(_trainedItems);
        var unknowable = 0L;
        var trainedAt = interactions[warmUp].EventTimeMs;
        for (var place = 0; place < steps; place++)
        {
            var happened = interactions[warmUp + place];
            if (happened.EventTimeMs - trainedAt >= retrainEvery.TotalMilliseconds)
            {
                await RetrainAsync(client, cancellationToken);
                trainedAt = happened.EventTimeMs;
            }

            await AskAsync(client, place, happened, isNew: seen.Contains(happened.ItemId) && !_trainedItems.Contains(happened.ItemId), tallies, cancellationToken);
            if (seen.Add(happened.ItemId)) unknowable++;
            await AppendAsync(client, warmUp + place, 1, cancellationToken);
            step.Report((double)place / steps, $"{_trainings:N0} trainings");
        }

        step.Done($"{steps:N0} steps, {_trainings:N0} trainings");
        return new PrequentialReport(
            interactions.Count,
            warmUp,
            steps,
            tallies[0].NewAsked,
            unknowable,
            k,
            retrainEvery.TotalHours,
            _trainings,
            Math.Round(Stopwatch.GetElapsedTime(started).TotalSeconds, 1),
            [.. _questions.Zip(tallies, Answers)]);
    }

    private static PrequentialAnswers Answers(PrequentialQuestion question, PrequentialTally tally) => new(
        question.Policy,
        question.Sources,
        Math.Round(tally.HitRate, 5),
        Math.Round(tally.NewHitRate, 5),
        tally.NewHits,
        Math.Round(tally.NewShare, 5),
        [.. tally.HitRates.Select(rate => Math.Round(rate, 4))]);

    private async Task CreateModelsAsync(EmbeddingClient client, CancellationToken cancellationToken)
    {
        await client.CreateModelAsync(Events, settings, cancellationToken: cancellationToken);
        foreach (var policy in PrequentialPolicy.All)
        {
            var options = new Dictionary<string, string>(settings, StringComparer.OrdinalIgnoreCase)
            {
                ["FoldIn.Enabled"] = policy.FoldsIn ? "true" : "false",
                // What retraining is worth is asked here, not whether a training was a good one.
                ["Promotion.Enabled"] = "false",
            };
            await client.CreateModelAsync(policy.Model, options, Events, cancellationToken);
        }
    }

    private async Task RetrainAsync(EmbeddingClient client, CancellationToken cancellationToken)
    {
        foreach (var policy in PrequentialPolicy.All.Where(policy => policy.Retrains)) await client.TrainAsync(policy.Model, cancellationToken: cancellationToken);
        _trainings++;
    }

    private async Task AskAsync(
        EmbeddingClient client, int step, TimedInteraction happened, bool isNew, PrequentialTally[] tallies, CancellationToken cancellationToken)
    {
        var batch = await client.BatchRecallAsync(_questions.Select(question => question.For(happened.UserId, k)), cancellationToken);
        for (var i = 0; i < tallies.Length; i++)
        {
            if (batch.Results[i].Error is { } error) throw new CommandFailedException($"recall failed at step {step + 1}: {error.Message}");
            var list = batch.Results[i].Response.Candidates.Select(candidate => candidate.ItemId).ToArray();
            tallies[i].Add(step, happened.ItemId, isNew, list, item => !_trainedItems.Contains(item));
        }
    }

    /// <returns>Those that the daemon took.</returns>
    private async Task<List<TimedInteraction>> AppendAsync(EmbeddingClient client, int from, int count, CancellationToken cancellationToken)
    {
        var request = new AppendEventsRequest { Model = Events };
        var batch = interactions.Skip(from).Take(count).ToList();
        foreach (var interaction in batch)
        {
            request.Interactions.Add(new Interaction
            {
                UserId = interaction.UserId,
                ItemId = interaction.ItemId,
                Type = InteractionType.Like,
                EventTimeMs = interaction.EventTimeMs,
                Weight = interaction.Weight,
            });
        }

        var appended = await client.AppendEventsAsync(request, cancellationToken);
        foreach (var rejected in appended.Rejected)
        {
            Refused++;
            Refusal ??= $"{rejected.Field}: {rejected.Reason}";
        }

        // Between two events of a replay there would be hours: the models have long since heard of the one when the other comes.
        await daemon.FoldInAsync(PrequentialPolicy.All.Where(policy => policy.FoldsIn).Select(policy => policy.Model), (long)appended.LogOffset, cancellationToken);
        var refused = appended.Rejected.Select(rejected => (int)rejected.Index).ToHashSet();
        return [.. batch.Where((_, place) => !refused.Contains(place))];
    }
}
