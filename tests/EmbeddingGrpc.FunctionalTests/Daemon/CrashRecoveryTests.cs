using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.FunctionalTests.Harness;
using EmbeddingGrpc.Protocol.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmbeddingGrpc.FunctionalTests.Daemon;

/// <summary>SIGKILL at any moment loses nothing that was acknowledged, doubles nothing, and the same generation answers again.</summary>
public sealed class CrashRecoveryTests : IDisposable
{
    private readonly TemporaryDirectory _data = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Restart_AfterAKill_ServesTheSameGenerationAndAnswers()
    {
        var probe = ShoppingWorld.Item("games", 3);
        Generation generation;
        RecallResponse before;
        Model model;
        await using (var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, ShoppingWorld.Settings))
        {
            generation = await daemon.LearnShoppingAsync(Cancel);
            before = await daemon.RecallItemAsync(probe, Cancel);
            model = await daemon.GetModelAsync(Cancel);
            await daemon.KillAsync();
        }

        await using (var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, ShoppingWorld.Settings))
        {
            await daemon.WaitUntilRecallServesAsync(Cancel);
            var after = await daemon.RecallItemAsync(probe, Cancel);
            var restarted = await daemon.GetModelAsync(Cancel);

            Assert.Equal(generation.Id, after.GenerationId);
            Assert.Equal(before.Candidates, after.Candidates);
            Assert.Equal(model.DurableOffset, restarted.DurableOffset);
            Assert.Equal(model.TrainedOffset, restarted.TrainedOffset);
            await Eventually.TrueAsync(
                "the histories are rebuilt", async () => (await daemon.GetModelAsync(Cancel)).AppliedOffset == model.DurableOffset, Cancel);
        }
    }

    [Fact]
    public async Task Restart_AfterAKillAmidAStream_HasEveryAcknowledgedInteractionExactlyOnce()
    {
        var world = ShoppingWorld.Interactions;
        ulong acknowledged;
        await using (var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel))
        {
            using var stream = await EventStreamCall.OpenAsync(daemon, "till-1", Cancel);
            foreach (var chunk in world.Take(1500).Chunk(100)) await stream.SendAsync(chunk);
            // Some are acknowledged and some are under way: the kill comes between.
            await stream.ReadUntilAcknowledgedAsync(1);
            acknowledged = stream.Acknowledged;
            await daemon.KillAsync();
        }

        await using (var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel))
        {
            using var stream = await EventStreamCall.OpenAsync(daemon, "till-1", Cancel);
            Assert.InRange(stream.StartedAt, acknowledged, 1500UL);

            // A producer that does not look at the number resends too much: nothing is doubled.
            foreach (var chunk in world.Chunk(100)) await stream.SendAsync(chunk);
            await stream.FinishAsync();
            Assert.Equal((ulong)world.Count, stream.Acknowledged);
            await daemon.KillAsync();
        }

        var onDisk = await ReadLogAsync();
        Assert.Equal(world.Select(i => (i.UserId, i.ItemId, i.EventTimeMs)), onDisk);
    }

    [Fact]
    public async Task Restart_AfterAKillAmidATraining_ServesTheGenerationBefore()
    {
        Generation first;
        await using (var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, ShoppingWorld.Settings))
        {
            first = await daemon.LearnShoppingAsync(Cancel);
            await daemon.StopAsync(Cancel);
        }

        // So many epochs that the kill comes first, however slow the machine is.
        string[] endless = [.. ShoppingWorld.Settings, "--EmbeddingGrpc:Model:Training:Epochs=10000"];
        await using (var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, endless))
        {
            await daemon.WaitUntilRecallServesAsync(Cancel);
            using var training = daemon.Models.TrainModel(new TrainModelRequest(), cancellationToken: Cancel);
            Assert.True(await training.ResponseStream.MoveNext(Cancel));
            await daemon.KillAsync();
        }

        await using (var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, ShoppingWorld.Settings))
        {
            await daemon.WaitUntilRecallServesAsync(Cancel);
            Assert.Equal(first.Id, (await daemon.GetModelAsync(Cancel)).Serving.Id);
        }
    }

    private async Task<List<(string, string, long)>> ReadLogAsync()
    {
        await using var log = InteractionLog.Open(
            _data.File("models", "default", "log"), new EventLogOptions(), TimeProvider.System, NullLogger.Instance);
        return [.. log.Scan(new LogOffset(0), log.DurableOffset, Cancel).Select(e => (e.Interaction.UserId, e.Interaction.ItemId, e.Interaction.EventTimeMs))];
    }
}
