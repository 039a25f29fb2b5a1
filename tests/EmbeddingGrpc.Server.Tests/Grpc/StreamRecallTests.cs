using EmbeddingGrpc.Protocol.V1;
using Google.Rpc;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Tests.Grpc;

/// <summary>Many recalls over one stream. Where it matters when a search runs the test holds its place.</summary>
public sealed class StreamRecallTests
{
    private const string OnePlace = "--EmbeddingGrpc:Recall:Admission:MaximumSearches=1";
    private const string Patient = "--EmbeddingGrpc:Recall:Admission:MaximumWait=00:01:00";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task StreamRecall_GoodAndBad_EachIsAnsweredUnderItsTagAndTheStreamGoesOn()
    {
        await using var daemon = await RecallDaemon.StartAsync();
        using var call = daemon.Client.StreamRecall(cancellationToken: Cancelled);
        (ulong Tag, RecallRequest? Request, int Code)[] asked =
        [
            (7, Item("camp0-1", k: 3), 0),
            (ulong.MaxValue, Item("nothing"), (int)StatusCode.NotFound),
            (0, Item("camp1-1", k: 0), (int)StatusCode.InvalidArgument),
            (5, null, (int)StatusCode.InvalidArgument),
            (6, new RecallRequest { Model = "other", Item = new ItemQuery { ItemId = "camp0-1" } }, (int)StatusCode.NotFound),
            (8, Item("camp1-2", k: 4), 0),
        ];
        foreach (var (tag, request, _) in asked) await call.RequestStream.WriteAsync(new StreamRecallRequest { Tag = tag, Request = request }, Cancelled);
        await call.RequestStream.CompleteAsync();
        var answers = await call.ResponseStream.ReadAllAsync(Cancelled).ToDictionaryAsync(answer => answer.Tag, cancellationToken: Cancelled);

        Assert.Equal(asked.ToDictionary(a => a.Tag, a => a.Code), answers.ToDictionary(a => a.Key, a => a.Value.Error?.Code ?? 0));
        Assert.Equal((3, 4), (answers[7].Response.Candidates.Count, answers[8].Response.Candidates.Count));
        Assert.StartsWith("camp1-", answers[8].Response.Candidates[0].ItemId, StringComparison.Ordinal);
        Assert.NotEqual(answers[7].Response.RecallId, answers[8].Response.RecallId);
        Assert.Contains("request: is missing", answers[5].Error.Message, StringComparison.Ordinal);
        Assert.Equal("k", Assert.Single(DetailOf<BadRequest>(answers[0].Error).FieldViolations).Field);
        Assert.Equal("nothing", DetailOf<ResourceInfo>(answers[ulong.MaxValue].Error).ResourceName);
    }

    [Fact]
    public async Task StreamRecall_Thousands_AreAnsweredAsRecallAnswersThem()
    {
        await using var daemon = await RecallDaemon.StartAsync(null, train: true, Patient);
        using var call = daemon.Client.StreamRecall(cancellationToken: Cancelled);
        var reading = call.ResponseStream.ReadAllAsync(Cancelled).ToDictionaryAsync(answer => answer.Tag, cancellationToken: Cancelled);
        for (var tag = 0; tag < 3000; tag++) await call.RequestStream.WriteAsync(new StreamRecallRequest { Tag = (ulong)tag, Request = Item(ItemOf(tag)) }, Cancelled);
        await call.RequestStream.CompleteAsync();
        var answers = await reading;

        Assert.Equal(3000, answers.Count);
        foreach (var tag in Enumerable.Range(0, 40))
            Assert.Equal((await daemon.RecallAsync(Item(ItemOf(tag)))).Candidates, answers[(ulong)tag].Response.Candidates);

        static string ItemOf(int tag) => $"camp{tag % 2}-{tag / 2 % RecallDaemon.ItemsOfCamp}";
    }

    [Fact]
    public async Task StreamRecall_MoreThanMayBeInFlight_AreNotReadUntilOthersAreAnswered()
    {
        await using var daemon = await RecallDaemon.StartAsync(null, train: true, OnePlace, Patient, "--EmbeddingGrpc:Recall:Admission:StreamInFlight=2");
        var held = await daemon.Gate.EnterAsync(isTaken: false, Cancelled);
        using var call = daemon.Client.StreamRecall(cancellationToken: Cancelled);
        for (var tag = 0; tag < 10; tag++) await call.RequestStream.WriteAsync(new StreamRecallRequest { Tag = (ulong)tag, Request = Item($"camp0-{tag}") }, Cancelled);
        await Eventually.UntilAsync(() => daemon.Gate.Waiting == 2);
        var most = 0;
        held.Dispose();
        for (var answered = 0; answered < 10; answered++)
        {
            Assert.True(await call.ResponseStream.MoveNext(Cancelled));
            most = Math.Max(most, daemon.Gate.Waiting + daemon.Gate.Searching);
        }

        Assert.InRange(most, 0, 2);
    }

    [Fact]
    public async Task StreamRecall_CallerGivesUp_FreesWhatWaited()
    {
        await using var daemon = await RecallDaemon.StartAsync(null, train: true, OnePlace, Patient);
        using var held = await daemon.Gate.EnterAsync(isTaken: false, Cancelled);
        using var caller = new CancellationTokenSource();
        using var call = daemon.Client.StreamRecall(cancellationToken: caller.Token);
        for (var tag = 0; tag < 10; tag++) await call.RequestStream.WriteAsync(new StreamRecallRequest { Tag = (ulong)tag, Request = Item($"camp0-{tag}") }, Cancelled);
        await Eventually.UntilAsync(() => daemon.Gate.Waiting == 10);
        await caller.CancelAsync();

        await Eventually.UntilAsync(() => daemon.Gate.Waiting == 0);
        var e = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Cancelled));
        Assert.Equal(StatusCode.Cancelled, e.StatusCode);
    }

    [Fact]
    public async Task StreamRecall_DaemonDrains_AnswersWhatItReadAndSaysThatItGoes()
    {
        await using var daemon = await RecallDaemon.StartAsync(null, train: true, OnePlace, Patient);
        var held = await daemon.Gate.EnterAsync(isTaken: false, Cancelled);
        using var call = daemon.Client.StreamRecall(cancellationToken: Cancelled);
        await call.RequestStream.WriteAsync(new StreamRecallRequest { Tag = 1, Request = Item("camp0-1") }, Cancelled);
        await Eventually.UntilAsync(() => daemon.Gate.Waiting == 1);

        var stopping = daemon.StopAsync();
        held.Dispose();
        Assert.True(await call.ResponseStream.MoveNext(Cancelled));
        Assert.Equal((1UL, 10), (call.ResponseStream.Current.Tag, call.ResponseStream.Current.Response.Candidates.Count));
        var e = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Cancelled));
        Assert.True(e.GetRpcStatus() is not null, $"The stream ended without saying why: {e}");
        Assert.Equal((StatusCode.Unavailable, "DRAINING"), (e.StatusCode, e.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason));
        await stopping;
    }

    private static T DetailOf<T>(RecallError error)
        where T : class, Google.Protobuf.IMessage<T>, new() => new Google.Rpc.Status { Details = { error.Details } }.GetDetail<T>()!;

    private static RecallRequest Item(string id, uint k = 10) => new() { Item = new ItemQuery { ItemId = id }, K = k };
}
