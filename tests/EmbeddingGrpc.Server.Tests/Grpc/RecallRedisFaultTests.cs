using System.Net;
using System.Net.Sockets;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Tests.Cache;
using EmbeddingGrpc.Server.Tests.Hosting.Tls;
using EmbeddingGrpc.Server.Tests.Models;

namespace EmbeddingGrpc.Server.Tests.Grpc;

/// <summary>A real redis-server that is full, slow, restarted, locked or behind TLS: no recall fails, and where it can answer it does.</summary>
public sealed class RecallRedisFaultTests
{
    private const string Always = "--EmbeddingGrpc:Redis:SkipWhenSlower=false";
    private const string Patient = "--EmbeddingGrpc:Redis:LookupBudget=00:00:10";
    private const string NoMemory = "--EmbeddingGrpc:Recall:Cache:MemoryBytes=0";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Recall_RedisIsFull_IsSearchedEveryTimeAndNoneFails()
    {
        await using var redis = RedisServerProcess.Start("--maxmemory", "1mb", "--maxmemory-policy", "noeviction");
        await using var daemon = await StartAsync(redis.EndPoint, Patient);
        await Eventually.UntilAsync(() => daemon.IsConnectedToRedis);

        foreach (var item in Enumerable.Range(0, 3 * RecallDaemon.ItemsOfCamp)) Assert.Equal(AnswerSource.Search, (await AskAsync(daemon, item)).Source);
        // It went on being asked: that it takes no writes is no reason to leave it alone.
        Assert.Equal(0, daemon.Metrics.RedisHits);
        Assert.True(daemon.IsConnectedToRedis);
    }

    [Fact]
    public async Task Recall_RedisIsRestarted_IsAnsweredFromItAgain()
    {
        await using var redis = RedisServerProcess.Start();
        await using var daemon = await StartAsync(redis.EndPoint, Patient, "--EmbeddingGrpc:Redis:FirstPause=00:00:00.010", "--EmbeddingGrpc:Redis:LongestPause=00:00:00.050");
        await FromRedisAsync(daemon);

        await redis.KillAsync();
        foreach (var item in Enumerable.Range(0, RecallDaemon.ItemsOfCamp)) Assert.Equal(AnswerSource.Search, (await AskAsync(daemon, item)).Source);
        redis.StartAgain();

        await FromRedisAsync(daemon);
    }

    [Fact]
    public async Task Recall_RedisIsSlowerThanItsBudget_IsSearchedUntilItIsFastAgain()
    {
        await using var redis = RedisServerProcess.Start();
        await Eventually.UntilAsync(() => File.Exists(redis.EndPoint[1..]));
        await using var slow = new DelayedSocket(redis.EndPoint[1..]);
        await using var daemon = await StartAsync(
            slow.EndPoint, "--EmbeddingGrpc:Redis:LookupBudget=00:00:00.050", "--EmbeddingGrpc:Redis:FirstPause=00:00:00.010", "--EmbeddingGrpc:Redis:LongestPause=00:00:00.050");
        await FromRedisAsync(daemon);

        slow.Delay = TimeSpan.FromSeconds(1);
        foreach (var item in Enumerable.Range(0, RecallDaemon.ItemsOfCamp)) Assert.Equal(AnswerSource.Search, (await AskAsync(daemon, item)).Source);
        slow.Delay = TimeSpan.Zero;

        await FromRedisAsync(daemon);
    }

    [Fact]
    public async Task Recall_RedisAsksForAPassword_IsAnsweredWithTheRightOneAndSearchedWithoutIt()
    {
        await using var redis = RedisServerProcess.Start("--requirepass", "sesame");
        await using (var daemon = await StartAsync($"{redis.EndPoint},password=sesame", Patient)) await FromRedisAsync(daemon);

        foreach (var wrong in new[] { $"{redis.EndPoint},password=wrong", redis.EndPoint })
        {
            await using var daemon = await StartAsync(wrong, Patient);
            foreach (var item in Enumerable.Range(0, RecallDaemon.ItemsOfCamp)) Assert.Equal(AnswerSource.Search, (await AskAsync(daemon, item)).Source);
        }
    }

    [Fact]
    public async Task Recall_RedisBehindTls_IsAnsweredWhereItsAuthorityIsTrustedAndSearchedWhereItIsNot()
    {
        using var directory = new TemporaryDirectory();
        using var certificates = new TestCertificates();
        string PathOf(string name) => Path.Combine(directory.Path, name);
        certificates.Issue(PathOf("redis.pem"), PathOf("redis.key"));
        certificates.WriteAuthority(PathOf("ca.pem"));
        var port = FreePort();
        await using var redis = RedisServerProcess.Start(
            "--tls-port", $"{port}", "--bind", "127.0.0.1", "--tls-cert-file", PathOf("redis.pem"), "--tls-key-file", PathOf("redis.key"), "--tls-ca-cert-file", PathOf("ca.pem"),
            "--tls-auth-clients", "no");
        var endPoint = $"127.0.0.1:{port},ssl=true";

        await using (var daemon = await StartAsync(endPoint, Patient, $"--EmbeddingGrpc:Redis:CaCertificatePath={PathOf("ca.pem")}")) await FromRedisAsync(daemon);
        await using (var daemon = await StartAsync(endPoint, Patient))
        {
            foreach (var item in Enumerable.Range(0, RecallDaemon.ItemsOfCamp)) Assert.Equal(AnswerSource.Search, (await AskAsync(daemon, item)).Source);
            Assert.False(daemon.IsConnectedToRedis);
        }
    }

    private static Task<RecallDaemon> StartAsync(string redis, params string[] arguments) =>
        RecallDaemon.StartAsync(null, train: true, [$"--Redis:Configuration={redis}", Always, NoMemory, .. arguments]);

    private static Task<RecallResponse> AskAsync(RecallDaemon daemon, int item) =>
        daemon.RecallAsync(new RecallRequest { Item = new ItemQuery { ItemId = $"camp{item % 2}-{item % RecallDaemon.ItemsOfCamp}" }, K = (uint)(10 + item) });

    // The connection and the writes are made beside the calls: asked until an answer comes from there.
    private static async Task FromRedisAsync(RecallDaemon daemon)
    {
        while ((await AskAsync(daemon, 1)).Source != AnswerSource.Redis) await Task.Delay(TimeSpan.FromMilliseconds(5), Cancelled);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
