using System.Text;
using EmbeddingGrpc.FunctionalTests.Harness;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.FunctionalTests.Crashes;

/// <summary>
/// A real daemon, SIGKILL amid trainings, writes of generations, swaps, promotions, rollbacks and checkpoints, over and over on one data directory. Until the kill every
/// recall is answered; after it the generation serves that was said to, or the one that was under way, and the work can be done once more.
/// </summary>
/// <remarks><inheritdoc cref="CrashSettings" path="/summary"/></remarks>
public sealed class GenerationCrashTests : IDisposable
{
    private static readonly string[] Settings = [.. ShoppingWorld.Settings, "--EmbeddingGrpc:Model:KeepGenerations=4"];

    private readonly TemporaryDirectory _data = new();
    private readonly Random _random = new(CrashSettings.Seed);

    // Of the generations that may serve after the kill: what was said to serve, and what was to serve next.
    private readonly HashSet<ulong> _mayServe = [];
    private readonly HashSet<string> _erased = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Kill_AmidAnyWorkOnGenerations_ServesTheLastGoodOneAndTheWorkIsRepeated()
    {
        await using (var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, Settings))
        {
            _mayServe.Add((await daemon.LearnShoppingAsync(Cancel)).Number);
            await daemon.KillAsync();
        }

        for (var round = 0; round < CrashSettings.Rounds(12); round++) await RunUntilKilledAsync(round);
        await using var last = await StartAsync();
        var trained = await last.TrainAsync(Cancel);
        foreach (var generation in (await last.Models.ListGenerationsAsync(new ListGenerationsRequest(), cancellationToken: Cancel)).Generations)
            await last.Models.PromoteGenerationAsync(new PromoteGenerationRequest { GenerationId = generation.Id }, cancellationToken: Cancel);
        await last.Models.PromoteGenerationAsync(new PromoteGenerationRequest { GenerationId = trained.Id }, cancellationToken: Cancel);
        Assert.Equal(trained.Id, (await last.RecallItemAsync("books-0", Cancel)).GenerationId);
        await last.StopAsync(Cancel);
        foreach (var user in _erased) AssertNowhere(user);
    }

    [Fact]
    public async Task Kill_AmidATrainingThatThePolicyBegan_IsBegunAgainByThePolicy()
    {
        string[] policy = ["--EmbeddingGrpc:Model:Retrain:AfterInteractions=1000", "--EmbeddingGrpc:Model:Retrain:AtMostEvery=00:00:01"];
        // So many epochs that the kill comes first, however slow the machine is.
        await using (var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, [.. Settings, .. policy, "--EmbeddingGrpc:Model:Training:Epochs=10000"]))
        {
            await daemon.AppendAsync(ShoppingWorld.Interactions, Cancel);
            await Eventually.TrueAsync("the policy trains", async () => (await daemon.GetModelAsync(Cancel)).Training, Cancel);
            await daemon.KillAsync();
        }

        await using (var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, [.. Settings, .. policy]))
        {
            await daemon.WaitUntilRecallServesAsync(Cancel);
            Assert.Equal((ulong)ShoppingWorld.Interactions.Count, (await daemon.GetModelAsync(Cancel)).TrainedOffset);
        }
    }

    private async Task RunUntilKilledAsync(int round)
    {
        await using var daemon = await StartAsync();
        await using var recalls = new RecallLoad(daemon);
        await recalls.AnswersAsync(20, Cancel);
        var works = new Func<DaemonProcess, int, Task>[] { TrainAsync, TrainAsync, PromoteAsync, RollbackAsync, EraseAsync };
        var work = works[_random.Next(works.Length)](daemon, round);
        // Some kills come when the work is done, and its result was told.
        await (_random.Next(4) == 0 ? work : Task.WhenAny(work, Task.Delay(_random.Next(400), Cancel)));
        Assert.Empty(recalls.Failures);
        Assert.Equal(0, recalls.Wrong);
        await daemon.KillAsync();
        await recalls.StopAsync();
        await work;
    }

    /// <summary>Starts a daemon and looks what serves.</summary>
    private async Task<DaemonProcess> StartAsync()
    {
        var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, Settings);
        await daemon.WaitUntilRecallServesAsync(Cancel);
        var serving = (await daemon.GetModelAsync(Cancel)).Serving;
        Assert.True(_mayServe.Contains(serving.Number), $"Generation {serving.Number} serves, not one of {string.Join(", ", _mayServe)}:{Environment.NewLine}{daemon.Output}");
        Assert.DoesNotContain(Directory.GetFileSystemEntries(_data.File("models", "default", "generations")), path => Path.GetFileName(path).StartsWith('.'));
        await SettleAsync(daemon);
        return daemon;
    }

    private async Task SettleAsync(DaemonProcess daemon)
    {
        var serving = (await daemon.GetModelAsync(Cancel)).Serving.Number;
        _mayServe.Clear();
        _mayServe.Add(serving);
    }

    private Task TrainAsync(DaemonProcess daemon, int round) => UntilKilledAsync(async () =>
    {
        _mayServe.Add((await ListAsync(daemon))[0].Number + 1);
        await daemon.TrainAsync(Cancel);
        await SettleAsync(daemon);
    });

    private Task PromoteAsync(DaemonProcess daemon, int round) => UntilKilledAsync(async () =>
    {
        var generations = await ListAsync(daemon);
        var target = generations[_random.Next(generations.Count)];
        _mayServe.Add(target.Number);
        await daemon.Models.PromoteGenerationAsync(new PromoteGenerationRequest { GenerationId = target.Id }, cancellationToken: Cancel);
        await SettleAsync(daemon);
    });

    private Task RollbackAsync(DaemonProcess daemon, int round) => UntilKilledAsync(async () =>
    {
        var serving = _mayServe.Single();
        var earlier = (await ListAsync(daemon)).FirstOrDefault(generation => generation.Number < serving);
        if (earlier is null) return;
        _mayServe.Add(earlier.Number);
        await daemon.Models.RollbackGenerationAsync(new RollbackGenerationRequest(), cancellationToken: Cancel);
        await SettleAsync(daemon);
    });

    // Rewrites the log's files and writes a checkpoint, at once.
    private Task EraseAsync(DaemonProcess daemon, int round) => UntilKilledAsync(async () =>
    {
        // Begins like no other: the log spells out what an id does not share with the one before it.
        var user = $"{_random.NextInt64():x16}-erased-in-{round}";
        await daemon.AppendAsync(ShoppingWorld.Interactions.Take(30).Select(interaction => new Interaction(interaction) { UserId = user }), Cancel);
        await daemon.Catalog.EraseUserAsync(new EraseUserRequest { UserId = user }, cancellationToken: Cancel);
        _erased.Add(user);
    });

    private static async Task<IReadOnlyList<Generation>> ListAsync(DaemonProcess daemon) =>
        (await daemon.Models.ListGenerationsAsync(new ListGenerationsRequest(), cancellationToken: Cancel)).Generations;

    private static async Task UntilKilledAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.Unavailable or StatusCode.Internal or StatusCode.Cancelled && !Cancel.IsCancellationRequested)
        {
            // Killed: what was wanted.
        }
    }

    private void AssertNowhere(string user)
    {
        var bytes = Encoding.UTF8.GetBytes(user);
        foreach (var path in Directory.EnumerateFiles(_data.FullPath, "*", SearchOption.AllDirectories))
            Assert.True(File.ReadAllBytes(path).AsSpan().IndexOf(bytes) < 0, $"'{user}' was erased and stands in '{path}'.");
    }
}
