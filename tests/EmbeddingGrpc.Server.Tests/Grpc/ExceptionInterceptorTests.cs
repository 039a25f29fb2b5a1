using System.Net.Sockets;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Grpc;
using EmbeddingGrpc.Server.Recall;
using EmbeddingGrpc.Server.Tests.Hosting;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace EmbeddingGrpc.Server.Tests.Grpc;

public sealed class ExceptionInterceptorTests
{
    [Fact]
    public async Task Call_UnexpectedFailure_IsInternalTellsNothingOfTheInsideAndIsLogged()
    {
        var log = new Recorder();
        await using var daemon = await TestDaemon.StartAsync(configure: builder =>
        {
            builder.Logging.AddProvider(log);
            builder.Services.AddGrpc().AddServiceOptions<HealthGrpcService>(service => service.Interceptors.Add<Saboteur>());
        });
        var error = await Assert.ThrowsAsync<RpcException>(async () => await new Health.HealthClient(daemon.Channel).CheckAsync(
            new HealthCheckRequest(), cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal(StatusCode.Internal, error.StatusCode);
        Assert.DoesNotContain("secret", error.ToString(), StringComparison.Ordinal);
        // The caller's message names the line; the daemon's own first call failed likewise and has another.
        var id = error.Status.Detail.Split("id ")[1].TrimEnd('.');
        Assert.Single(log.Lines, line => line.Contains("secret of the inside", StringComparison.Ordinal) && line.Contains(id, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Recall_UnexpectedFailure_IsInternalTellsNothingOfTheInsideAndIsLogged()
    {
        var log = new Recorder();
        await using var daemon = await TestDaemon.StartAsync(configure: builder =>
        {
            builder.Logging.AddProvider(log);
            // Has nothing to ask.
            builder.Services.AddSingleton(services => new RecallCall(
                null!, services.GetRequiredService<RecallIds>(), services.GetRequiredService<RecallMetrics>(), services.GetRequiredService<ILogger<RecallCall>>()));
        });
        var error = await Assert.ThrowsAsync<RpcException>(async () => await new RecallService.RecallServiceClient(daemon.Channel).RecallAsync(
            new RecallRequest { Item = new ItemQuery { ItemId = "i" } }, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal(StatusCode.Internal, error.StatusCode);
        Assert.DoesNotContain("reference", error.ToString(), StringComparison.OrdinalIgnoreCase);
        var id = error.Status.Detail.Split("id ")[1].TrimEnd('.');
        Assert.Single(log.Lines, line => line.Contains("RecallService/Recall failed unexpectedly", StringComparison.Ordinal) && line.Contains(id, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Services_AllButRecall_HaveTheirFailuresExplained()
    {
        await using var daemon = await TestDaemon.StartAsync();

        var services = daemon.Services.GetRequiredService<EndpointDataSource>().Endpoints
            .Select(endpoint => endpoint.Metadata.GetMetadata<GrpcMethodMetadata>()?.ServiceType).OfType<Type>().Distinct().ToArray();

        Assert.Contains(typeof(EventGrpcService), services);
        Assert.Equal([typeof(RecallGrpcService)], services.Where(service => OptionsOf(service).Interceptors.All(interceptor => interceptor.Type != typeof(ExceptionInterceptor))));

        GrpcServiceOptions OptionsOf(Type service) =>
            ((IOptions<GrpcServiceOptions>)daemon.Services.GetRequiredService(typeof(IOptions<>).MakeGenericType(typeof(GrpcServiceOptions<>).MakeGenericType(service)))).Value;
    }

    [Fact]
    public async Task Call_DeadlinePassed_IsDeadlineExceeded()
    {
        await using var daemon = await TestDaemon.StartAsync();
        using var watch = new Health.HealthClient(daemon.Channel).Watch(
            new HealthCheckRequest(), deadline: DateTime.UtcNow.AddMilliseconds(50), cancellationToken: TestContext.Current.CancellationToken);
        var error = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await watch.ResponseStream.MoveNext(TestContext.Current.CancellationToken))
            {
                // The status of the daemon.
            }
        });
        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
    }

    [Fact]
    public async Task Stream_ConnectionBreaks_IsNotLoggedAsTheDaemonsFailure()
    {
        var log = new Recorder();
        await using (var daemon = await TestDaemon.StartAsync(configure: builder => builder.Logging.AddProvider(log)))
        {
            // What is told first, the read or the call's token, differs from one to the next.
            for (var i = 0; i < 60; i++) await BreakAsync(daemon.Addresses.Grpc);
            // Ends when every call has.
            await daemon.StopAsync();
        }

        Assert.DoesNotContain(log.Lines, line => line.Contains("failed unexpectedly", StringComparison.Ordinal));
    }

    /// <summary>Streams of both kinds over one connection, which is cut off while they wait for the next request.</summary>
    private static async Task BreakAsync(Uri address)
    {
        var connection = new TaskCompletionSource<Socket>();
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancel) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(context.DnsEndPoint, cancel);
                connection.TrySetResult(socket);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using var channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = handler });
        using var events = new EventService.EventServiceClient(channel).StreamEvents(cancellationToken: TestContext.Current.CancellationToken);
        await events.RequestStream.WriteAsync(
            new StreamEventsRequest { Start = new StreamStart { Producer = new Producer { Name = $"breaks-{Guid.NewGuid():N}" } } }, TestContext.Current.CancellationToken);
        await events.ResponseStream.MoveNext(TestContext.Current.CancellationToken);
        using var recalls = new RecallService.RecallServiceClient(channel).StreamRecall(cancellationToken: TestContext.Current.CancellationToken);
        await recalls.RequestStream.WriteAsync(
            new StreamRecallRequest { Tag = 1, Request = new RecallRequest { Item = new ItemQuery { ItemId = "i" } } }, TestContext.Current.CancellationToken);
        await recalls.ResponseStream.MoveNext(TestContext.Current.CancellationToken);
        (await connection.Task).Shutdown(SocketShutdown.Both);
    }

    private sealed class Saboteur : Interceptor
    {
        public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
            TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) =>
            throw new InvalidOperationException("secret of the inside");
    }

    private sealed class Recorder : ILoggerProvider, ILogger
    {
        private readonly List<string> _lines = [];

        public IReadOnlyList<string> Lines
        {
            get
            {
                lock (_lines) return [.. _lines];
            }
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (_lines) _lines.Add($"{formatter(state, exception)} {exception?.Message}");
        }

        public void Dispose()
        {
        }
    }
}
