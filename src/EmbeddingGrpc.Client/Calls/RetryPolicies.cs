using EmbeddingGrpc.Protocol.V1;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Net.Client.Configuration;

namespace EmbeddingGrpc.Client.Calls;

/// <summary>
/// Which calls gRPC may repeat by itself: those that only read. TrainModel would train twice, CreateModel and DeleteModel would find their own work
/// done, an upsert would undo what another wrote in between, and an AppendEvents that was lost on its way back would be appended twice unless a producer numbers it (<see cref="EmbeddingClient.AppendEventsAsync"/> repeats it then).
/// </summary>
internal static class RetryPolicies
{
    // All services, one after the other: threads that have different descriptors made at the same time can break the library's cache of them (protobuf issue 29696).
    private static readonly (ServiceDescriptor Service, string[] Methods)[] Reads =
    [
        (EventService.Descriptor, []),
        (RecallService.Descriptor, ["Recall", "BatchRecall", "GetEmbeddings", "SimilarUsers"]),
        (ModelService.Descriptor, ["GetModel", "ListModels", "ListModelOptions", "ListGenerations"]),
        (CatalogService.Descriptor, ["GetItem", "ListItems", "ListAttributes"]),
    ];

    public static TimeSpan InitialBackoff { get; } = TimeSpan.FromMilliseconds(50);

    public static TimeSpan MaximumBackoff { get; } = TimeSpan.FromSeconds(2);

    /// <summary>The service configuration of a channel.</summary>
    /// <param name="maximumAttempts">1..5, the first attempt included.</param>
    public static ServiceConfig CreateServiceConfig(int maximumAttempts)
    {
        var config = new ServiceConfig();
        // gRPC's retry policy cannot express "once".
        if (maximumAttempts < 2) return config;
        var method = new MethodConfig
        {
            RetryPolicy = new RetryPolicy
            {
                MaxAttempts = maximumAttempts,
                InitialBackoff = InitialBackoff,
                MaxBackoff = MaximumBackoff,
                BackoffMultiplier = 3,
                RetryableStatusCodes = { StatusCode.Unavailable },
            },
        };
        foreach (var (service, methods) in Reads)
        {
            // Looked up in the descriptor, so that a renamed call fails here instead of silently losing its retries.
            foreach (var name in methods)
            {
                var descriptor = service.FindMethodByName(name) ?? throw new InvalidOperationException($"{service.FullName} has no method {name}.");
                method.Names.Add(new MethodName { Service = service.FullName, Method = descriptor.Name });
            }
        }
        config.MethodConfigs.Add(method);
        return config;
    }
}
