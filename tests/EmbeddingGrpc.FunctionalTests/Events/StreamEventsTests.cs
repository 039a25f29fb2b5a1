using EmbeddingGrpc.FunctionalTests.Harness;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.FunctionalTests.Events;

/// <summary>A stream's promises, kept by the daemon as it runs: acknowledged is on disk, a wrong event harms nobody else, a resend is ignored.</summary>
public sealed class StreamEventsTests : IDisposable
{
    private readonly TemporaryDirectory _data = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Stream_HalfClosed_EndsWithTheFinalAcknowledgement()
    {
        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel);
        using var stream = await EventStreamCall.OpenAsync(daemon, "till-1", Cancel);
        Assert.Equal(0UL, stream.StartedAt);
        await stream.SendAsync(ShoppingWorld.Interactions.Take(500));
        await stream.FinishAsync();
        Assert.Equal(500UL, stream.Acknowledged);
        Assert.Equal(500UL, (await daemon.GetModelAsync(Cancel)).DurableOffset);
    }

    [Fact]
    public async Task Stream_WithNothingInIt_EndsWell()
    {
        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel);
        using var stream = await EventStreamCall.OpenAsync(daemon, "till-1", Cancel);
        await stream.FinishAsync();
        Assert.Equal(0UL, stream.Acknowledged);
        Assert.Equal(0UL, (await daemon.GetModelAsync(Cancel)).DurableOffset);
    }

    [Fact]
    public async Task Stream_WithWrongInteractions_NamesThemAndKeepsTheirNeighbours()
    {
        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel);
        using var stream = await EventStreamCall.OpenAsync(daemon, "till-1", Cancel);
        await stream.SendAsync(
        [
            Event(1),
            Event(2, i => i.UserId = ""),
            Event(3, i => i.ItemId = new string('x', 257)),
            Event(4, i => i.Weight = float.NaN),
            Event(5, i => i.Weight = -1),
            Event(6, i => i.EventTimeMs = 0),
            Event(7, i => i.EventTimeMs = DateTimeOffset.UtcNow.AddDays(3).ToUnixTimeMilliseconds()),
            Event(8, i => i.ItemId = "line\nbreak"),
            Event(9, i => i.Type = (InteractionType)99),
            Event(10),
        ]);
        await stream.FinishAsync();

        Assert.Equal(10UL, stream.Acknowledged);
        Assert.Equal(
            [(2UL, "user_id"), (3, "item_id"), (4, "weight"), (5, "weight"), (6, "event_time_ms"), (7, "event_time_ms"), (8, "item_id"), (9, "type")],
            stream.Rejected.OrderBy(r => r.Number).Select(r => (r.Number, r.Field)));
        Assert.All(stream.Rejected, r => Assert.NotEmpty(r.Reason));
        Assert.Equal(2UL, (await daemon.GetModelAsync(Cancel)).DurableOffset);
    }

    [Fact]
    public async Task Stream_ResentAfterARestart_AppendsNothingTwice()
    {
        await using (var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel))
        {
            using var stream = await EventStreamCall.OpenAsync(daemon, "till-1", Cancel);
            await stream.SendAsync(ShoppingWorld.Interactions.Take(100));
            await stream.FinishAsync();
            await daemon.StopAsync(Cancel);
        }

        await using (var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel))
        {
            using var stream = await EventStreamCall.OpenAsync(daemon, "till-1", Cancel);
            Assert.Equal(100UL, stream.StartedAt);
            await stream.SendAsync(ShoppingWorld.Interactions.Take(150));
            await stream.FinishAsync();
            Assert.Equal(150UL, (await daemon.GetModelAsync(Cancel)).DurableOffset);
        }
    }

    [Fact]
    public async Task Stream_OfANewerEpoch_FencesTheOlderOne()
    {
        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel);
        using var older = await EventStreamCall.OpenAsync(daemon, "till-1", Cancel, epoch: 1);
        using var newer = await EventStreamCall.OpenAsync(daemon, "till-1", Cancel, epoch: 2);

        await RpcAssert.ReasonAsync(StatusCode.Aborted, "PRODUCER_FENCED", async () =>
        {
            await older.SendAsync([Event(1)]);
            await older.FinishAsync();
        });
        await newer.SendAsync([Event(1)]);
        await newer.FinishAsync();
        Assert.Equal(1UL, newer.Acknowledged);
    }

    [Fact]
    public async Task Stream_OfAnUnknownModel_IsNotFound()
    {
        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel);
        await RpcAssert.NotFoundAsync("model", "winter", async () =>
        {
            using var stream = await EventStreamCall.OpenAsync(daemon, "till-1", Cancel, model: "winter");
        });
    }

    [Fact]
    public async Task Append_OfTheWrongNumber_IsRefusedWhole()
    {
        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel);
        await RpcAssert.InvalidAsync("interactions", async () => await daemon.Events.AppendEventsAsync(new AppendEventsRequest(), cancellationToken: Cancel));

        var tooMany = new AppendEventsRequest { Interactions = { Enumerable.Range(1, 10_001).Select(n => Event(0)) } };
        await RpcAssert.InvalidAsync("interactions", async () => await daemon.Events.AppendEventsAsync(tooMany, cancellationToken: Cancel));
        Assert.Equal(0UL, (await daemon.GetModelAsync(Cancel)).DurableOffset);
    }

    [Fact]
    public async Task Append_LargerThanAMessageMayBe_IsRefusedBySize()
    {
        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, "--EmbeddingGrpc:MaximumMessageBytes=65536");
        var huge = new AppendEventsRequest { Interactions = { Enumerable.Range(1, 1000).Select(n => Event(0, i => i.ItemId = new string('x', 200))) } };
        await RpcAssert.FailsAsync(StatusCode.ResourceExhausted, async () => await daemon.Events.AppendEventsAsync(huge, cancellationToken: Cancel));
        Assert.Equal(0UL, (await daemon.GetModelAsync(Cancel)).DurableOffset);
    }

    private static Interaction Event(ulong number, Action<Interaction>? change = null)
    {
        var interaction = new Interaction { Number = number, UserId = "user", ItemId = "item", EventTimeMs = 1_600_000_000_000 + (long)number };
        change?.Invoke(interaction);
        return interaction;
    }
}
