using System.Diagnostics;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Demo;
using EmbeddingGrpc.Cli.Evaluation;
using EmbeddingGrpc.Cli.Simulation;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Cli.Training;
using EmbeddingGrpc.Client;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Check;

/// <summary>Streams a small world into a model, trains it and asks for what its people did next.</summary>
/// <param name="client">Of the model.</param>
/// <param name="display">Shows each step.</param>
internal sealed class CheckRun(EmbeddingClient client, ProgressDisplay display)
{
    private const int K = 10;

    private static readonly SimulatedWorldOptions World = new() { Users = 500, Items = 300, Topics = 12 };

    /// <summary>Runs it.</summary>
    /// <exception cref="CommandFailedException">An interaction was refused.</exception>
    public async Task<CheckOutcome> RunAsync(CancellationToken cancellationToken)
    {
        var split = HoldOut.LastOfEachUser(new SimulatedWorld(World).Interactions());
        await StreamAsync(split.Training, cancellationToken);

        var began = Stopwatch.GetTimestamp();
        var phases = new TrainingPhases(display);
        await client.TrainAsync(progress: phases, cancellationToken: cancellationToken);
        phases.Finish();
        var trainingSeconds = Stopwatch.GetElapsedTime(began).TotalSeconds;

        var step = display.Begin("recall");
        var answers = await Questions.AskAsync(
            client, [.. split.Hidden.Select(hidden => new RecallRequest { User = new UserQuery { UserId = hidden.UserId }, K = K, ExcludeSeen = true })], cancellationToken);
        step.Done($"{answers.Responses.Count:N0} calls, {answers.Latency}");
        IReadOnlyList<string>[] lists = [.. answers.Responses.Select(response => response.Candidates.Select(candidate => candidate.ItemId).ToList())];
        return new CheckOutcome(
            HitRate.Of(split.Hidden, lists, K), HitRate.OfPopularity(split, K), split.Training.Count, trainingSeconds, answers.Percentile(0.99));
    }

    private async Task StreamAsync(IReadOnlyList<UserInteraction> interactions, CancellationToken cancellationToken)
    {
        var step = display.Begin("stream");
        var refused = new List<InteractionRejection>();
        await using (var stream = client.OpenEventStream(new EventStreamOptions { OnRejected = refused.Add }))
        {
            foreach (var interaction in interactions) await stream.SendAsync(interaction, cancellationToken);
            await stream.CompleteAsync(cancellationToken);
        }

        if (refused.Count > 0) throw new CommandFailedException($"{refused.Count:N0} interactions were refused, the first because of its {refused[0].Field}: {refused[0].Reason}");
        step.Done($"{interactions.Count:N0} on disk");
    }
}
