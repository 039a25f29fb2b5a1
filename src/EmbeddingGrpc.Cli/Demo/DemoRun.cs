using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Evaluation;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Cli.Training;
using EmbeddingGrpc.Client;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Demo;

/// <summary>
/// The main job from end to end: starts a daemon and a Redis, streams behaviour in, trains, asks for what users did next, then restarts the daemon
/// on the same data to show that the answers it gave before come from Redis.
/// </summary>
/// <param name="data">The behaviour.</param>
/// <param name="home">An empty directory for everything the daemon writes.</param>
/// <param name="console">Where progress and the daemon's warnings go.</param>
/// <param name="display">Shows each step.</param>
/// <param name="clock">Times each step.</param>
internal sealed class DemoRun(DemoData data, DirectoryInfo home, CommandConsole console, ProgressDisplay display, StepClock clock)
{
    private const int K = 10;

    /// <summary>More users than this are sampled: the hit rate does not change any more, and the demo should be over.</summary>
    private const int UsersAskedAtMost = 10_000;

    private const int ItemsAskedTwice = 500;
    private const int ItemsShown = 4;
    private const int UsersShown = 3;

    private static readonly TimeSpan PatienceWithRestart = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PauseBetweenLooks = TimeSpan.FromMilliseconds(20);

    private string DataDirectory => Path.Combine(home.FullName, "data");

    /// <summary>Runs it.</summary>
    public async Task<DemoResult> RunAsync(CancellationToken cancellationToken)
    {
        using var redis = new EmbeddedRedis(home.FullName);
        var popularItems = data.PopularItems().Take(ItemsAskedTwice).ToArray();
        var result = new DemoResult { Data = data, Clock = clock };

        await using (var daemon = await StartDaemonAsync("start the daemon and a RESP server", redis, cancellationToken))
        {
            using var client = new EmbeddingClient(daemon.Address);
            var refusedUsers = await StreamAsync(client, cancellationToken);
            await TrainAsync(client, cancellationToken);
            result.Asked = Sample([.. data.Split.Hidden.Where(hidden => !refusedUsers.Contains(hidden.UserId))]);
            if (result.Asked.Count == 0)
                throw new CommandFailedException($"no user has the {HoldOut.MinimumInteractions} interactions that hiding the newest one needs; this file is too small for a demo");

            result.Users = await AskAsync("ask for what each user did next", client, [.. result.Asked.Select(UserRequest)], cancellationToken);
            result.Searched = await AskAsync("ask for similar items", client, [.. popularItems.Select(ItemRequest)], cancellationToken);
            result.Remembered = await AskAsync("ask the same again", client, [.. popularItems.Select(ItemRequest)], cancellationToken);
            var shown = data.ItemsToShow(ItemsShown);
            result.Neighbours = [.. shown.Zip((await Questions.AskAsync(client, [.. shown.Select(ItemRequest)], cancellationToken)).Responses)];
        }
        // Its memory is gone; its data and its Redis are not.
        await using (var restarted = await StartDaemonAsync("stop it and start it again", redis, cancellationToken))
        {
            using var client = new EmbeddingClient(restarted.Address);
            await WaitUntilServingAsync(client, cancellationToken);
            result.FromRedis = await AskAsync("ask the same of the restarted daemon", client, [.. popularItems.Select(ItemRequest)], cancellationToken);
        }
        result.UsersShown = [.. Enumerable.Range(0, Math.Min(UsersShown, result.Asked.Count)).Select(i => i * result.Asked.Count / UsersShown)];
        return result;
    }

    private async Task<DemoDaemon> StartDaemonAsync(string name, EmbeddedRedis redis, CancellationToken cancellationToken)
    {
        DemoDaemon? daemon = null;
        await StepAsync(name, async _ =>
        {
            daemon = await DemoDaemon.StartAsync(DataDirectory, redis.Configuration, console.Error, cancellationToken);
            return "";
        });
        return daemon!;
    }

    /// <returns>Users of whom something was refused: what the daemon knows of them is not what the evaluation thinks.</returns>
    private async Task<HashSet<string>> StreamAsync(EmbeddingClient client, CancellationToken cancellationToken)
    {
        var interactions = data.Split.Training;
        var refused = new List<InteractionRejection>();
        await StepAsync("stream the interactions in", async step =>
        {
            await using var stream = client.OpenEventStream(new EventStreamOptions { OnRejected = refused.Add });
            for (var i = 0; i < interactions.Count; i++)
            {
                await stream.SendAsync(interactions[i] with { Number = (ulong)i + 1 }, cancellationToken);
                if (i % 4096 == 0) step.Report((double)i / interactions.Count);
            }
            await stream.CompleteAsync(cancellationToken);
            return $"{interactions.Count - refused.Count:N0} on disk";
        });
        if (refused.Count > 0) console.WriteWarning($"{refused.Count:N0} interactions were refused, the first because of its {refused[0].Field}: {refused[0].Reason}");
        return [.. refused.Select(rejection => interactions[(int)rejection.Number - 1].UserId)];
    }

    private async Task TrainAsync(EmbeddingClient client, CancellationToken cancellationToken)
    {
        var phases = new TrainingPhases(display);
        await client.TrainAsync(progress: phases, cancellationToken: cancellationToken);
        phases.Finish();
        foreach (var phase in phases.Finished) clock.Add(phase);
    }

    private async Task<Answers> AskAsync(string name, EmbeddingClient client, IReadOnlyList<RecallRequest> requests, CancellationToken cancellationToken)
    {
        var answers = new Answers([], []);
        await StepAsync(name, async step =>
        {
            step.Report(null);
            answers = await Questions.AskAsync(client, requests, cancellationToken);
            return $"{requests.Count:N0} calls, {answers.Latency}";
        });
        return answers;
    }

    private Task StepAsync(string name, Func<ProgressStep, Task<string>> work) => clock.MeasureAsync(name, async () =>
    {
        var step = display.Begin(name);
        var detail = await work(step);
        step.Done(detail);
        return detail;
    });

    private static async Task WaitUntilServingAsync(EmbeddingClient client, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(PatienceWithRestart);
        while ((await client.GetModelAsync(cancellationToken: patience.Token)).Serving is null) await Task.Delay(PauseBetweenLooks, patience.Token);
    }

    /// <summary>Evenly through the list, so that no kind of user is left out.</summary>
    private static List<HiddenItem> Sample(List<HiddenItem> hidden) =>
        hidden.Count <= UsersAskedAtMost
            ? hidden
            : [.. Enumerable.Range(0, UsersAskedAtMost).Select(i => hidden[(int)((long)i * hidden.Count / UsersAskedAtMost)])];

    private static RecallRequest UserRequest(HiddenItem hidden) => new() { User = new UserQuery { UserId = hidden.UserId }, K = K, ExcludeSeen = true };

    private static RecallRequest ItemRequest(string itemId) => new() { Item = new ItemQuery { ItemId = itemId }, K = K };
}
