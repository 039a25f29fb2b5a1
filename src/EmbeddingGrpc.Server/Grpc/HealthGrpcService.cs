using EmbeddingGrpc.Server.Hosting;
using Grpc.Core;
using Grpc.Health.V1;
using Status = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>Serves <c>grpc.health.v1.Health</c> from <see cref="ServingStatus"/>; a watcher is told at once, not when a poll comes round.</summary>
public sealed class HealthGrpcService(ServingStatus status, Drain drain) : Health.HealthBase
{
    /// <inheritdoc/>
    public override Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        return StatusOf(request.Service) is var found and not Status.ServiceUnknown
            ? Task.FromResult(new HealthCheckResponse { Status = found })
            : throw RpcErrors.NotFound("service", request.Service, $"Service '{request.Service}' does not exist. Known: {string.Join(", ", status.Services.Skip(1))}.");
    }

    /// <inheritdoc/>
    public override async Task Watch(HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responseStream, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(responseStream);
        ArgumentNullException.ThrowIfNull(context);
        using var stream = drain.Join();
        Status? told = null;
        while (true)
        {
            var next = status.NextChange;
            var ending = drain.Begun.IsCancellationRequested;
            if (StatusOf(request.Service) is var now && now != told)
            {
                await responseStream.WriteAsync(new HealthCheckResponse { Status = now }, context.CancellationToken);
                told = now;
            }

            // A watch has no end of its own and would keep the server waiting.
            if (ending) return;
            await Task.WhenAny(next, drain.WhenBegun).WaitAsync(context.CancellationToken);
        }
    }

    private Status StatusOf(string service) =>
        !status.TryGet(service, out var serving, out _) ? Status.ServiceUnknown : serving ? Status.Serving : Status.NotServing;
}
