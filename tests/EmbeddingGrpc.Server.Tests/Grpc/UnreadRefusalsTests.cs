using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Recall;
using EmbeddingGrpc.Server.Recall.Admission;
using EmbeddingGrpc.Server.Tests.Hosting;
using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace EmbeddingGrpc.Server.Tests.Grpc;

public sealed class UnreadRefusalsTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Call_FarTooMuchWaitsForAThread_RecallsAreRefusedWithWhenToComeAgainAndOthersAreNot()
    {
        var backlog = 0L;
        await using var daemon = await TestDaemon.StartAsync(configure: builder => builder.Services.AddSingleton(provider => new SearchGate(
            provider.GetRequiredService<AdmissionOptions>(), TimeProvider.System, provider.GetRequiredService<RecallMetrics>(), () => Volatile.Read(ref backlog))));
        var client = new RecallService.RecallServiceClient(daemon.Channel);
        (await daemon.Services.GetRequiredService<SearchGate>().EnterAsync(isTaken: false, Cancelled)).Dispose();
        Assert.Equal(StatusCode.FailedPrecondition, (await FailsAsync()).StatusCode);

        Volatile.Write(ref backlog, long.MaxValue / 1000);
        var refused = await FailsAsync();
        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Contains("more calls than it can answer within 20 ms", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Equal("OVERLOADED", refused.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason);
        Assert.InRange(refused.GetRpcStatus()!.GetDetail<RetryInfo>()!.RetryDelay.ToTimeSpan(), TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(40));
        Assert.NotNull((await new ModelService.ModelServiceClient(daemon.Channel).GetModelAsync(new GetModelRequest(), cancellationToken: Cancelled)).Model);

        Volatile.Write(ref backlog, 0);
        Assert.Equal(StatusCode.FailedPrecondition, (await FailsAsync()).StatusCode);

        Task<RpcException> FailsAsync() => Assert.ThrowsAsync<RpcException>(
            async () => await client.RecallAsync(new RecallRequest { Item = new ItemQuery { ItemId = "a" } }, cancellationToken: Cancelled));
    }
}
