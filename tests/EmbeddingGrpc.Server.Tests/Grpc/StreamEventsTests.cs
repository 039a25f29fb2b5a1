using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Tests.Hosting;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Wire = EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Server.Tests.Grpc;

public sealed class StreamEventsTests
{
    [Fact]
    public async Task StreamEvents_UnknownProducer_StartsAtZero()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var (call, started) = await EventStreamCall.StartAsync(daemon);
        using (call)
        {
            Assert.NotNull(started.Started);
            Assert.Equal(0UL, started.Started.DurableSequence);
            await call.HalfCloseAsync();
            Assert.Null(Assert.Single(await call.ReadToEndAsync()).Started);
        }
    }

    [Fact]
    public async Task StreamEvents_Batches_AreAcknowledgedCumulativelyAndLieInTheLogInOrder()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var (call, _) = await EventStreamCall.StartAsync(daemon);
        using (call)
        {
            for (var batch = 0UL; batch < 50; batch++) await call.SendAsync(Events.Batch((batch * 20) + 1, (batch + 1) * 20));
            await call.HalfCloseAsync();
            var responses = await call.ReadToEndAsync();

            Assert.Equal(1000UL, responses[^1].DurableSequence);
            Assert.Equal(1000UL, responses[^1].LogOffset);
            Assert.Equal(responses.Select(r => r.DurableSequence).Order(), responses.Select(r => r.DurableSequence));
            Assert.All(responses, r => Assert.Empty(r.Rejected));
        }

        var entries = LogOf(daemon).Scan(default, new LogOffset(1000), TestContext.Current.CancellationToken).ToList();
        Assert.Equal(Events.Numbered(1, 1000).Select(i => (i.UserId, i.ItemId, i.EventTimeMs)), entries.Select(e => (e.Interaction.UserId, e.Interaction.ItemId, e.Interaction.EventTimeMs)));
    }

    [Fact]
    public async Task StreamEvents_InteractionsInTheFirstRequest_AreTaken()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var start = Events.Start();
        start.Interactions.AddRange(Events.Numbered(1, 3));
        var (call, started) = await EventStreamCall.StartAsync(daemon, start);
        using (call)
        {
            Assert.NotNull(started.Started);
            Assert.Equal(3UL, (await call.ReadThroughAsync(3))[^1].LogOffset);
        }
    }

    [Fact]
    public async Task StreamEvents_Resend_IsIgnoredAndAcknowledged()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await SendAllAsync(daemon, Events.Batch(1, 100));

        var (call, started) = await EventStreamCall.StartAsync(daemon);
        using (call)
        {
            Assert.Equal(100UL, started.Started.DurableSequence);
            await call.SendAsync(Events.Batch(51, 150));
            Assert.Equal(150UL, (await call.ReadThroughAsync(150))[^1].LogOffset);
        }
    }

    [Fact]
    public async Task StreamEvents_NewEpoch_StartsItsNumbersAnew()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await SendAllAsync(daemon, Events.Batch(1, 100));

        var (call, started) = await EventStreamCall.StartAsync(daemon, Events.Start(epoch: 2));
        using (call)
        {
            Assert.Equal(0UL, started.Started.DurableSequence);
            await call.SendAsync(Events.Batch(1, 10));
            Assert.Equal(110UL, (await call.ReadThroughAsync(10))[^1].LogOffset);
        }
    }

    [Fact]
    public async Task StreamEvents_BadInteractionsAmongGoodOnes_AreNamedAndLeaveTheirNeighboursAlone()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var noUser = Events.Numbered(2, user: string.Empty);
        var badWeight = Events.Numbered(4);
        badWeight.Weight = float.NaN;
        var repeated = Events.Numbered(4);
        var noNumber = Events.Numbered(0);
        var (call, _) = await EventStreamCall.StartAsync(daemon);
        using (call)
        {
            await call.SendAsync(Events.Batch(Events.Numbered(1), noUser, Events.Numbered(3), badWeight, repeated, noNumber, Events.Numbered(9)));
            await call.HalfCloseAsync();
            var responses = await call.ReadToEndAsync();

            var rejected = responses.SelectMany(r => r.Rejected).Select(r => (r.Number, r.Index, r.Field));
            Assert.Equal([(2UL, 1U, "user_id"), (4UL, 3U, "weight"), (4UL, 4U, "number"), (0UL, 5U, "number")], rejected);
            Assert.All(responses.SelectMany(r => r.Rejected), r => Assert.NotEmpty(r.Reason));
            Assert.Equal((9UL, 3UL), (responses[^1].DurableSequence, responses[^1].LogOffset));
        }
    }

    [Fact]
    public async Task StreamEvents_OnlyRejected_CountAsDoneAlsoForTheNextStream()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await SendAllAsync(daemon, Events.Batch(Events.Numbered(7, item: "tab\there")));

        var (call, started) = await EventStreamCall.StartAsync(daemon);
        using (call)
        {
            Assert.Equal(7UL, started.Started.DurableSequence);
            Assert.Equal(0, LogOf(daemon).DurableOffset.Value);
        }
    }

    [Fact]
    public async Task StreamEvents_TenThousandRejectedInEachOfManyRequests_AreAllTold()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var (call, _) = await EventStreamCall.StartAsync(daemon);
        using (call)
        {
            const int Requests = 5;
            for (var request = 0; request < Requests; request++)
            {
                var numbers = Enumerable.Range((request * 10_000) + 1, 10_000);
                await call.SendAsync(Events.Batch([.. numbers.Select(n => Events.Numbered((ulong)n, user: string.Empty))]));
            }

            await call.HalfCloseAsync();
            var responses = await call.ReadToEndAsync();
            Assert.Equal(Requests * 10_000, responses.Sum(r => r.Rejected.Count));
            Assert.All(responses, r => Assert.InRange(r.Rejected.Count, 0, 10_000));
        }
    }

    [Fact]
    public async Task StreamEvents_MoreThanTenThousandInARequest_IsRefusedAfterWhatCameBeforeIsAcknowledged()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var (call, _) = await EventStreamCall.StartAsync(daemon);
        using (call)
        {
            await call.SendAsync(Events.Batch(1, 10));
            await call.SendAsync(Events.Batch(11, 10_011));
            var error = await call.ReadToErrorAsync();
            Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
            Assert.Equal(["interactions"], Events.FieldsOf(error));
        }

        Assert.Equal(10, LogOf(daemon).DurableOffset.Value);
    }

    [Fact]
    public async Task StreamEvents_Empty_IsRefused()
    {
        await using var daemon = await TestDaemon.StartAsync();
        using var call = new EventStreamCall(daemon);
        await call.HalfCloseAsync();
        var error = await call.ReadToErrorAsync();
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal(["start"], Events.FieldsOf(error));
    }

    [Theory]
    [MemberData(nameof(BadStarts))]
    public async Task StreamEvents_BadStart_IsRefusedByField(StreamEventsRequest first, string field)
    {
        await using var daemon = await TestDaemon.StartAsync();
        using var call = new EventStreamCall(daemon);
        await call.SendAsync(first);
        var error = await call.ReadToErrorAsync();
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal([field], Events.FieldsOf(error));
    }

    public static TheoryData<StreamEventsRequest, string> BadStarts => new()
    {
        { Events.Batch(1, 2), "start" },
        { new StreamEventsRequest { Start = new StreamStart() }, "start.producer" },
        { Events.Start(producer: string.Empty), "start.producer.name" },
        { Events.Start(producer: new string('p', 257)), "start.producer.name" },
    };

    [Fact]
    public async Task StreamEvents_StartTwice_IsRefused()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var (call, _) = await EventStreamCall.StartAsync(daemon);
        using (call)
        {
            await call.SendAsync(Events.Start());
            Assert.Equal(["start"], Events.FieldsOf(await call.ReadToErrorAsync()));
        }
    }

    [Fact]
    public async Task StreamEvents_UnknownModel_IsNotFound()
    {
        await using var daemon = await TestDaemon.StartAsync();
        using var call = new EventStreamCall(daemon);
        await call.SendAsync(Events.Start(model: "nothing"));
        var error = await call.ReadToErrorAsync();
        Assert.Equal(StatusCode.NotFound, error.StatusCode);
        Assert.Equal(("model", "nothing"), (error.GetRpcStatus()!.GetDetail<Google.Rpc.ResourceInfo>()!.ResourceType, error.GetRpcStatus()!.GetDetail<Google.Rpc.ResourceInfo>()!.ResourceName));
    }

    [Fact]
    public async Task StreamEvents_UnspecifiedTypeAndAbsentWeight_AreAViewOfWeightOne()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var interaction = Events.Numbered(1);
        interaction.Type = Wire.InteractionType.Unspecified;
        await SendAllAsync(daemon, Events.Batch(interaction));

        var stored = Assert.Single(LogOf(daemon).Scan(default, new LogOffset(1), TestContext.Current.CancellationToken)).Interaction;
        Assert.Equal((EventLog.InteractionType.View, 1f, null), (stored.Type, stored.Weight, stored.RecallId));
    }

    [Fact]
    public async Task StreamEvents_AcknowledgedOffset_IsReadableOnceApplied()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var (call, _) = await EventStreamCall.StartAsync(daemon);
        using (call)
        {
            await call.SendAsync(Events.Batch(1, 500));
            var offset = new LogOffset((long)(await call.ReadThroughAsync(500))[^1].LogOffset);
            var model = daemon.Services.GetRequiredService<ModelRegistry>().Get(string.Empty);
            await model.Applier.WaitForAppliedAsync(offset, TestContext.Current.CancellationToken);
            Assert.Equal((7, 11), (model.Histories.UserCount, model.Items.Count));
        }
    }

    [Fact]
    public async Task StreamEvents_RestartedDaemon_KnowsTheProducerAndTheHistories()
    {
        var directory = Directory.CreateTempSubdirectory("embeddinggrpc-test-").FullName;
        try
        {
            await using (var first = await TestDaemon.StartAsync(directory)) await SendAllAsync(first, Events.Batch(1, 100));
            await using var second = await TestDaemon.StartAsync(directory);
            var (call, started) = await EventStreamCall.StartAsync(second);
            using (call) Assert.Equal(100UL, started.Started.DurableSequence);
            var model = second.Services.GetRequiredService<ModelRegistry>().Get(string.Empty);
            await model.Applier.WaitForAppliedAsync(new LogOffset(100), TestContext.Current.CancellationToken);
            Assert.Equal(7, model.Histories.UserCount);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static InteractionLog LogOf(TestDaemon daemon) => daemon.Services.GetRequiredService<ModelRegistry>().Get(string.Empty).Log;

    private static async Task SendAllAsync(TestDaemon daemon, StreamEventsRequest request)
    {
        var (call, _) = await EventStreamCall.StartAsync(daemon);
        using (call)
        {
            await call.SendAsync(request);
            await call.HalfCloseAsync();
            await call.ReadToEndAsync();
        }
    }
}
