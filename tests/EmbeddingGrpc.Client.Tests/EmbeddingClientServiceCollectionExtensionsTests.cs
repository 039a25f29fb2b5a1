using EmbeddingGrpc.Protocol.V1;
using Microsoft.Extensions.DependencyInjection;

namespace EmbeddingGrpc.Client.Tests;

public sealed class EmbeddingClientServiceCollectionExtensionsTests
{
    [Fact]
    public void AddEmbeddingClient_Resolved_IsOneForTheProcessAndSharesItsStubs()
    {
        using var services = new ServiceCollection().AddEmbeddingClient(new EmbeddingClientOptions()).BuildServiceProvider();

        var client = services.GetRequiredService<EmbeddingClient>();

        Assert.Same(client, services.GetRequiredService<EmbeddingClient>());
        Assert.Same(client.Recommendations, services.GetRequiredService<RecallService.RecallServiceClient>());
        Assert.Same(client.Events, services.GetRequiredService<EventService.EventServiceClient>());
        Assert.Same(client.Models, services.GetRequiredService<ModelService.ModelServiceClient>());
    }

    [Fact]
    public void AddEmbeddingClient_BadAddress_FailsWhereItIsResolved()
    {
        using var services = new ServiceCollection().AddEmbeddingClient(_ => new EmbeddingClientOptions { Address = "nowhere" }).BuildServiceProvider();

        Assert.Throws<ArgumentException>(services.GetRequiredService<EmbeddingClient>);
    }
}
