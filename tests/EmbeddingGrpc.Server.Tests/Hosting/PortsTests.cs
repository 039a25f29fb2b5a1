using System.Net;
using System.Text.Json;
using EmbeddingGrpc.Server.Hosting;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace EmbeddingGrpc.Server.Tests.Hosting;

public sealed class PortsTests
{
    [Fact]
    public async Task Start_PortZero_BindsTwoFreePortsAndTellsThem()
    {
        await using var daemon = await TestDaemon.StartAsync();

        var server = daemon.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        var told = new[] { daemon.Addresses.Grpc, daemon.Addresses.Http }.Select(address => address.ToString().TrimEnd('/'));
        Assert.Equal(server.Addresses.Order(), told.Order());
        Assert.NotEqual(daemon.Addresses.GrpcPort, daemon.Addresses.HttpPort);
    }

    [Fact]
    public async Task Start_WritesWhereItListens_AndRemovesItWhenItStops()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var path = Path.Combine(daemon.DataDirectory, DaemonFile.FileName);

        using (var file = JsonDocument.Parse(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken)))
        {
            Assert.Equal(Environment.ProcessId, file.RootElement.GetProperty("pid").GetInt32());
            Assert.Equal(daemon.Addresses.Grpc, new Uri(file.RootElement.GetProperty("grpc").GetString()!));
            Assert.Equal(daemon.Addresses.Http, new Uri(file.RootElement.GetProperty("http").GetString()!));
        }

        await daemon.StopAsync();
        Assert.False(File.Exists(path));
    }

    [Fact]
    public async Task HttpPort_GrpcCall_IsNotServed()
    {
        await using var daemon = await TestDaemon.StartAsync();
        using var channel = GrpcChannel.ForAddress(daemon.Addresses.Http);
        await Assert.ThrowsAsync<RpcException>(
            async () => await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest(), cancellationToken: TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("/healthz")]
    [InlineData("/readyz")]
    [InlineData("/metrics")]
    public async Task GrpcPort_HttpPath_IsNotFound_WhateverTheHostHeaderSays(string path)
    {
        await using var daemon = await TestDaemon.StartAsync();
        using var client = new HttpClient { BaseAddress = daemon.Addresses.Grpc };
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.Host = daemon.Addresses.Http.Authority;
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public void Addresses_BeforeStart_SayThatTheDaemonHasNotStarted() =>
        Assert.Throws<InvalidOperationException>(() => new DaemonAddresses().Grpc);
}
