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
    [Theory]
    [InlineData(nameof(RecallService.RecallServiceBase.Recall), typeof(Method<RecallRequest, RecallReply>))]
    [InlineData(nameof(RecallService.RecallServiceBase.BatchRecall), typeof(Method<BatchRecallRequest, BatchRecallReply>))]
    [InlineData(nameof(RecallService.RecallServiceBase.StreamRecall), typeof(Method<StreamRecallRequest, StreamRecallReply>))]
    public async Task Call_OverGrpc_IsTheMethodThatCopiesReplies(string name, Type method)
    {
        await using var daemon = await TestDaemon.StartAsync();
        var endpoints = daemon.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText == $"/{RecallService.Descriptor.FullName}/{name}")
            .OrderBy(endpoint => endpoint.Order).ToList();

        Assert.Equal(2, endpoints.Count);
        Assert.True(endpoints[0].Order < endpoints[1].Order, "Two endpoints of one order: which one is taken is not said.");
        Assert.IsType(method, endpoints[0].Metadata.GetRequiredMetadata<GrpcMethodMetadata>().Method);
    }
}
