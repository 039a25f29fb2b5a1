using System.Globalization;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.EventLog.Inspection;
using EmbeddingGrpc.FunctionalTests.Harness;

namespace EmbeddingGrpc.FunctionalTests.Crashes;

/// <summary>
/// A real daemon, several producers at once, SIGKILL at random moments, over and over on one data directory, in the manner of qdrant's crasher. What was acknowledged is there,
/// exactly once and in order; nothing is there that was never sent.
/// </summary>
/// <remarks>
/// Hundreds of rounds: <c>EMBEDDINGGRPC_CRASH_ROUNDS=300 dotnet run -c Release --project tests/EmbeddingGrpc.FunctionalTests -- --filter-class "*CrashTests"</c>;
/// <c>EMBEDDINGGRPC_CRASH_SEED</c> makes others of them.
/// </remarks>
public sealed class CrashTests : IDisposable
{
    private const int MostBatchesOfARound = 250;

    // Segments and checkpoints that end and begin many times between the kills.
    private static readonly string[] Settings =
        ["--EmbeddingGrpc:Model:Log:SegmentSizeBytes=131072", "--EmbeddingGrpc:Ingest:CheckpointEntries=10000", "--EmbeddingGrpc:Ingest:CheckpointInterval=00:00:05"];

    private readonly TemporaryDirectory _data = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static int Rounds => CrashSettings.Rounds(24);

    private static int Seed => CrashSettings.Seed;

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Kill_AtAnyMoment_LosesNothingAcknowledgedAndDoublesNothing()
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"Seed {Seed}, {Rounds} rounds");
        var random = new Random(Seed);
        var producers = Enumerable.Range(0, 4).Select(i => new CrashProducer($"producer-{i}", streams: i < 3, random.Next())).ToArray();
        for (var round = 0; round < Rounds; round++)
        {
            if (random.Next(6) == 0) await DaemonProcess.KillDuringStartAsync(_data.FullPath, TimeSpan.FromMilliseconds(random.Next(1500)), Settings);
            await RunUntilKilledAsync(producers, killAfter: random.Next(MostBatchesOfARound), random.Next(20));
        }

        await using (var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, Settings))
        {
            await Eventually.TrueAsync("everything is applied", async () => await daemon.GetModelAsync(Cancel) is var model && model.AppliedOffset == model.DurableOffset, Cancel);
            await daemon.StopAsync(Cancel);
        }

        AssertLog(producers);
    }

    private async Task RunUntilKilledAsync(CrashProducer[] producers, int killAfter, int hesitationMs)
    {
        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, Settings);
        var due = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var sent = 0;
        if (killAfter == 0) due.SetResult();
        var sending = Task.WhenAll(producers.Select(producer => Task.Run(
            () => producer.SendAsync(daemon, () =>
            {
                if (Interlocked.Increment(ref sent) == killAfter) due.SetResult();
            }, Cancel),
            Cancel)));
        // One that fails must not wait for ever.
        await Task.WhenAny(due.Task, sending);
        await Task.Delay(hesitationMs, Cancel);
        await daemon.KillAsync();
        await sending;
    }

    private void AssertLog(CrashProducer[] producers)
    {
        var directory = _data.File("models", "default", "log");
        Assert.True(LogInspector.Inspect(directory, Cancel).IsSound);
        var present = producers.ToDictionary(producer => producer.Name, _ => new List<Interaction>());
        foreach (var entry in LogInspector.Dump(directory, default, new LogOffset(long.MaxValue), Cancel))
            present[entry.Interaction.ItemId[..entry.Interaction.ItemId.IndexOf('/')]].Add(entry.Interaction);

        foreach (var producer in producers)
        {
            Assert.True(producer.Acknowledged > 0, $"{producer.Name} was never acknowledged anything: the test tests nothing.");
            var numbers = present[producer.Name].Select(NumberOf).ToArray();
            for (var i = 1; i < numbers.Length; i++) Assert.True(numbers[i - 1] < numbers[i], $"{producer.Name}: {numbers[i]} comes after {numbers[i - 1]}.");
            Assert.All(present[producer.Name], interaction => Assert.Equal(Stored(producer.Interaction(NumberOf(interaction))), interaction));
            Assert.All(numbers, number => Assert.True(number <= producer.Sent && CrashProducer.IsUsed(number) && !CrashProducer.IsRefused(number), $"{producer.Name} never sent {number}, or it was refused."));

            // Beyond what was acknowledged some may be there, but then everything before them too.
            var last = numbers.Length == 0 ? 0 : Math.Max(numbers[^1], producer.Acknowledged);
            var expected = Numbers(last).Where(number => CrashProducer.IsUsed(number) && !CrashProducer.IsRefused(number));
            Assert.Equal(expected, numbers);
        }
    }

    private static IEnumerable<ulong> Numbers(ulong last)
    {
        for (var number = 1UL; number <= last; number++) yield return number;
    }

    private static ulong NumberOf(Interaction interaction) =>
        ulong.Parse(interaction.ItemId.AsSpan(interaction.ItemId.IndexOf('/') + 1), NumberStyles.None, CultureInfo.InvariantCulture);

    private static Interaction Stored(Protocol.V1.Interaction sent) =>
        new(sent.UserId, sent.ItemId, (InteractionType)sent.Type, sent.EventTimeMs, sent.Weight);
}
