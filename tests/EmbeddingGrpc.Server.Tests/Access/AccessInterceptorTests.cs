using System.Net;
using System.Net.Http.Headers;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Hosting;
using EmbeddingGrpc.Server.Tests.Hosting;
using Google.Rpc;
using Grpc.Core;
using Grpc.Health.V1;

namespace EmbeddingGrpc.Server.Tests.Access;

/// <summary>A daemon that asks for keys, by both of its doors.</summary>
public sealed class AccessInterceptorTests : IAsyncLifetime
{
    private const string WebKey = "web-key-0123456789";
    private const string FeedKey = "feed-key-0123456789";
    private const string AdminKey = "admin-key-0123456789";

    private readonly TemporaryFolder _folder = new();
    private TestDaemon _daemon = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var path = Path.Combine(_folder.FullPath, "keys");
        await File.WriteAllTextAsync(path, $"# who may what\nweb recall {WebKey}\n\nfeed ingest {FeedKey}\nops admin {AdminKey}\n", Cancel);
        _daemon = await TestDaemon.StartAsync(args: [$"--EmbeddingGrpc:AccessKeysFile={path}"]);
    }

    public async ValueTask DisposeAsync()
    {
        await _daemon.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(null, "KEY_MISSING")]
    [InlineData("Basic abc", "KEY_MISSING")]
    [InlineData("Bearer ", "KEY_UNKNOWN")]
    [InlineData("Bearer " + WebKey + "x", "KEY_UNKNOWN")]
    public async Task Call_WithoutAKnownKey_IsUnauthenticated(string? header, string reason)
    {
        var calls = new Func<Task>[]
        {
            async () => await new RecallService.RecallServiceClient(_daemon.Channel).RecallAsync(new RecallRequest(), Headers(header), cancellationToken: Cancel),
            async () => await new ModelService.ModelServiceClient(_daemon.Channel).ListModelsAsync(new ListModelsRequest(), Headers(header), cancellationToken: Cancel),
            async () =>
            {
                using var stream = new EventService.EventServiceClient(_daemon.Channel).StreamEvents(Headers(header), cancellationToken: Cancel);
                await stream.ResponseStream.MoveNext(Cancel);
            },
            async () =>
            {
                using var training = new ModelService.ModelServiceClient(_daemon.Channel).TrainModel(new TrainModelRequest(), Headers(header), cancellationToken: Cancel);
                await training.ResponseStream.MoveNext(Cancel);
            },
        };
        foreach (var call in calls)
        {
            var refusal = await Assert.ThrowsAsync<RpcException>(call);
            Assert.Equal(StatusCode.Unauthenticated, refusal.StatusCode);
            Assert.Equal(reason, refusal.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason);
        }
    }

    [Theory]
    [InlineData(WebKey)]
    [InlineData(FeedKey)]
    public async Task Administration_WithAnotherRole_IsDeniedAndNamesTheRole(string key)
    {
        var refusal = await Assert.ThrowsAsync<RpcException>(
            async () => await new ModelService.ModelServiceClient(_daemon.Channel).DeleteModelAsync(new DeleteModelRequest { Model = "m" }, Headers("Bearer " + key), cancellationToken: Cancel));
        Assert.Equal(StatusCode.PermissionDenied, refusal.StatusCode);
        Assert.Contains("admin", refusal.Status.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(key, refusal.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Role_Own_IsLetThrough()
    {
        // Refused for what they ask, not for who asks.
        var recall = await Assert.ThrowsAsync<RpcException>(
            async () => await new RecallService.RecallServiceClient(_daemon.Channel).RecallAsync(new RecallRequest(), Headers("Bearer " + WebKey), cancellationToken: Cancel));
        Assert.Equal(StatusCode.InvalidArgument, recall.StatusCode);

        var appended = await new EventService.EventServiceClient(_daemon.Channel).AppendEventsAsync(
            new AppendEventsRequest { Interactions = { new Interaction { UserId = "u", ItemId = "i", Type = InteractionType.Click, EventTimeMs = 1_700_000_000_000 } } },
            Headers("bearer " + FeedKey),
            cancellationToken: Cancel);
        Assert.Empty(appended.Rejected);

        var models = await new ModelService.ModelServiceClient(_daemon.Channel).ListModelsAsync(new ListModelsRequest(), Headers("Bearer " + WebKey), cancellationToken: Cancel);
        Assert.NotEmpty(models.Models);
    }

    [Fact]
    public async Task Recall_WithTheFeedsKey_IsDenied()
    {
        var refusal = await Assert.ThrowsAsync<RpcException>(
            async () => await new RecallService.RecallServiceClient(_daemon.Channel).RecallAsync(new RecallRequest(), Headers("Bearer " + FeedKey), cancellationToken: Cancel));
        Assert.Equal(StatusCode.PermissionDenied, refusal.StatusCode);
    }

    [Fact]
    public async Task Rest_AsksForTheSameKeys()
    {
        Assert.Equal(HttpStatusCode.Unauthorized, await RestAsync(null));
        Assert.Equal(HttpStatusCode.Unauthorized, await RestAsync("nobodys-key-0123456789"));
        Assert.Equal(HttpStatusCode.OK, await RestAsync(FeedKey));
    }

    [Fact]
    public async Task Health_NeedsNoKey()
    {
        var health = await new Health.HealthClient(_daemon.Channel).CheckAsync(new HealthCheckRequest(), cancellationToken: Cancel);
        Assert.NotEqual(HealthCheckResponse.Types.ServingStatus.Unknown, health.Status);
        Assert.Equal("ok\n", await _daemon.Http.GetStringAsync("/healthz", Cancel));
    }

    [Fact]
    public async Task Start_KeysFileMissing_IsRefusedByName()
    {
        var refusal = await Assert.ThrowsAsync<InvalidSettingException>(() => TestDaemon.StartAsync(args: ["--EmbeddingGrpc:AccessKeysFile=/no/such/keys"]));
        Assert.Contains("/no/such/keys", refusal.Message, StringComparison.Ordinal);
    }

    private static Metadata Headers(string? authorization) => authorization is null ? [] : new Metadata { { "authorization", authorization } };

    private async Task<HttpStatusCode> RestAsync(string? key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        if (key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var response = await _daemon.Http.SendAsync(request, Cancel);
        return response.StatusCode;
    }
}
