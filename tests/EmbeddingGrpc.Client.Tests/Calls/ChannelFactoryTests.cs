using EmbeddingGrpc.Client.Tests.Scripted;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Client.Tests.Calls;

public sealed class ChannelFactoryTests
{
    [Fact]
    public async Task Call_DnsAddress_ReachesADaemonOfThatName()
    {
        var script = new DaemonScript { OnRecall = _ => new RecallResponse { GenerationId = "named" } };
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(new EmbeddingClientOptions { Address = $"dns:///localhost:{daemon.Port}" });

        var response = await client.RecallSimilarAsync("1", cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal("named", response.GenerationId);
    }

    [Theory]
    [InlineData("localhost:50051")]
    [InlineData("ftp://localhost")]
    [InlineData("")]
    public void Create_NoAddressThatCanBeCalled_SaysWhatWouldBeRight(string address)
    {
        var refusal = Assert.Throws<ArgumentException>(() => new EmbeddingClient(address));
        Assert.Contains("http://, https:// or dns:///", refusal.Message, StringComparison.Ordinal);
    }
}
