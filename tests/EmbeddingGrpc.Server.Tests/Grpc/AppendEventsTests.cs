using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Tests.Hosting;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace EmbeddingGrpc.Server.Tests.Grpc;

public sealed class AppendEventsTests
{
    [Fact]
    public async Task AppendEvents_WithoutProducer_AppendsAResendAgain()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var request = new AppendEventsRequest { Interactions = { Unnumbered(3) } };
        await AppendAsync(daemon, request);
        var response = await AppendAsync(daemon, request);
        Assert.Equal((3U, 0U, 6UL, 0UL), (response.Appended, response.Duplicates, response.LogOffset, response.DurableSequence));
    }

    [Fact]
    public async Task AppendEvents_WithProducer_IgnoresAResend()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await AppendAsync(daemon, Numbered(1, 10));
        var response = await AppendAsync(daemon, Numbered(6, 15));
        Assert.Equal((5U, 5U, 15UL, 15UL), (response.Appended, response.Duplicates, response.LogOffset, response.DurableSequence));
    }

    [Fact]
    public async Task AppendEvents_SomeBad_AreNamedAndTheOthersAppended()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var request = new AppendEventsRequest { Interactions = { Unnumbered(3) } };
        request.Interactions[1].EventTimeMs = 0;
        request.Interactions[2].Number = 5;
        var response = await AppendAsync(daemon, request);
        Assert.Equal([(1U, "event_time_ms"), (2U, "number")], response.Rejected.Select(r => (r.Index, r.Field)));
        Assert.Equal((1U, 1UL), (response.Appended, response.LogOffset));
    }

    [Fact]
    public async Task AppendEvents_AllBad_AppendsNothingAndSaysWhy()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await AppendAsync(daemon, new AppendEventsRequest { Interactions = { Unnumbered(2) } });
        var request = new AppendEventsRequest { Interactions = { Unnumbered(1) } };
        request.Interactions[0].ItemId = string.Empty;
        var response = await AppendAsync(daemon, request);
        Assert.Equal("item_id", Assert.Single(response.Rejected).Field);
        Assert.Equal((0U, 2UL), (response.Appended, response.LogOffset));
    }

    [Fact]
    public async Task AppendEvents_AllOfAProducerBad_CountAsDone()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var request = Numbered(4, 4);
        request.Interactions[0].ItemId = string.Empty;
        Assert.Equal(4UL, (await AppendAsync(daemon, request)).DurableSequence);
    }

    [Theory]
    [InlineData(0, "interactions")]
    [InlineData(10_001, "interactions")]
    public async Task AppendEvents_TooFewOrTooMany_IsRefused(int count, string field)
    {
        await using var daemon = await TestDaemon.StartAsync();
        var error = await Assert.ThrowsAsync<RpcException>(() => AppendAsync(daemon, new AppendEventsRequest { Interactions = { Unnumbered(count) } }));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal([field], Events.FieldsOf(error));
        Assert.Equal(0, LogOf(daemon).DurableOffset.Value);
    }

    [Fact]
    public async Task AppendEvents_OlderEpoch_IsAborted()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var newer = Numbered(1, 2);
        newer.Producer.Epoch = 9;
        await AppendAsync(daemon, newer);
        var error = await Assert.ThrowsAsync<RpcException>(() => AppendAsync(daemon, Numbered(1, 2)));
        Assert.Equal((StatusCode.Aborted, "PRODUCER_FENCED"), (error.StatusCode, Events.ReasonOf(error)));
    }

    [Fact]
    public async Task AppendEvents_UnknownModel_IsNotFound()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var error = await Assert.ThrowsAsync<RpcException>(
            () => AppendAsync(daemon, new AppendEventsRequest { Model = "x", Interactions = { Unnumbered(1) } }));
        Assert.Equal(StatusCode.NotFound, error.StatusCode);
    }

    [Fact]
    public async Task Events_ModelFedByAnother_AreRefusedWithTheModelToSendThemTo()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await new ModelService.ModelServiceClient(daemon.Channel).CreateModelAsync(
            new CreateModelRequest { Model = "fed", EventsFrom = "default" }, cancellationToken: TestContext.Current.CancellationToken);
        var unary = await Assert.ThrowsAsync<RpcException>(
            () => AppendAsync(daemon, new AppendEventsRequest { Model = "fed", Interactions = { Unnumbered(1) } }));
        using var call = new EventStreamCall(daemon);
        await call.SendAsync(Events.Start(model: "fed"));
        var stream = await call.ReadToErrorAsync();
        Assert.All(new[] { unary, stream }, error => Assert.Equal((StatusCode.FailedPrecondition, "FED_BY_ANOTHER_MODEL"), (error.StatusCode, Events.ReasonOf(error))));
        Assert.Contains("'default'", stream.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_ModelDeletedUnderAStream_EndsItWithAReason()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var models = new ModelService.ModelServiceClient(daemon.Channel);
        await models.CreateModelAsync(new CreateModelRequest { Model = "short-lived" }, cancellationToken: TestContext.Current.CancellationToken);
        var (call, _) = await EventStreamCall.StartAsync(daemon, Events.Start(model: "short-lived"));
        using (call)
        {
            await models.DeleteModelAsync(new DeleteModelRequest { Model = "short-lived" }, cancellationToken: TestContext.Current.CancellationToken);
            await call.SendAsync(Events.Batch(1, 5));
            var error = await call.ReadToErrorAsync();
            Assert.Equal((StatusCode.Unavailable, "MODEL_CLOSED"), (error.StatusCode, Events.ReasonOf(error)));
        }
    }

    [Fact]
    public async Task AppendEvents_ManyAtOnce_AreAllAppendedOnce()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var responses = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => AppendAsync(daemon, new AppendEventsRequest { Interactions = { Unnumbered(10) } })));
        Assert.Equal(1000, LogOf(daemon).DurableOffset.Value);
        Assert.Equal(Enumerable.Range(1, 100).Select(n => (ulong)n * 10), responses.Select(r => r.LogOffset).Order());
    }

    [Fact]
    public async Task AppendEvents_MessageTooLarge_IsResourceExhaustedAndChangesNothing()
    {
        await using var daemon = await TestDaemon.StartAsync(args: ["--EmbeddingGrpc:MaximumMessageBytes=65536"]);
        var error = await Assert.ThrowsAsync<RpcException>(() => AppendAsync(daemon, new AppendEventsRequest { Interactions = { Unnumbered(5000) } }));
        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        Assert.Contains("65536", error.Status.Detail, StringComparison.Ordinal);
        Assert.Equal("MESSAGE_TOO_LARGE", Events.ReasonOf(error));
        Assert.Equal(0, LogOf(daemon).DurableOffset.Value);
    }

    private static InteractionLog LogOf(TestDaemon daemon) => daemon.Services.GetRequiredService<ModelRegistry>().Get(string.Empty).Log;

    private static async Task<AppendEventsResponse> AppendAsync(TestDaemon daemon, AppendEventsRequest request) =>
        await new EventService.EventServiceClient(daemon.Channel).AppendEventsAsync(request, cancellationToken: TestContext.Current.CancellationToken);

    private static IEnumerable<Protocol.V1.Interaction> Unnumbered(int count) => Enumerable.Range(0, count).Select(n => Events.Numbered(0, item: $"i{n}"));

    private static AppendEventsRequest Numbered(ulong from, ulong to) =>
        new() { Producer = new Producer { Name = "p", Epoch = 1 }, Interactions = { Events.Numbered(from, to) } };
}
