using System.Net.Sockets;

namespace EmbeddingGrpc.Server.Tests.Hosting;

public sealed class PortsTests
{
    [Fact]
    public async Task Start_PortZero_BindsTwoFreePortsAndTellsThem()
    {
        await using var daemon = await TestDaemon.StartAsync();

        Assert.NotEqual(daemon.Addresses.GrpcPort, daemon.Addresses.HttpPort);
        foreach (var port in new[] { daemon.Addresses.GrpcPort, daemon.Addresses.HttpPort })
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", port, TestContext.Current.CancellationToken);
            Assert.True(client.Connected);
        }
    }
}
