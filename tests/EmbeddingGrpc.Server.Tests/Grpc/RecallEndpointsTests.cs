using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Grpc;
using EmbeddingGrpc.Server.Tests.Hosting;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace EmbeddingGrpc.Server.Tests.Grpc;

public sealed class RecallEndpointsTests
{
    [Fact]
    public async Task Recall_OverGrpc_IsTheMethodThatCopiesReplies()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var endpoints = daemon.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText == $"/{RecallService.Descriptor.FullName}/{nameof(RecallGrpcService.Recall)}")
            .OrderBy(endpoint => endpoint.Order).ToList();

        Assert.Equal(2, endpoints.Count);
        Assert.True(endpoints[0].Order < endpoints[1].Order, "Two endpoints of one order: which one is taken is not said.");
        Assert.IsType<Method<RecallRequest, RecallReply>>(endpoints[0].Metadata.GetRequiredMetadata<GrpcMethodMetadata>().Method);
    }
}
