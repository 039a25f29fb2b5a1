using EmbeddingGrpc.Server.Tests.Hosting;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace EmbeddingGrpc.Server.Tests.Grpc;

public sealed class StreamDrainTests
{
    [Fact]
    public async Task Stop_OpenStream_IsToldAcknowledgedAndEndsWhenTheProducerHalfCloses()
    {
        using var folder = new TemporaryFolder();
        await using (var daemon = await TestDaemon.StartAsync(folder.FullPath))
        {
            var (call, _) = await EventStreamCall.StartAsync(daemon);
            using (call)
            {
                var stopping = daemon.StopAsync();
                while (!(await call.NextAsync()).Draining)
                {
                    // Responses from before.
                }

                // What was on its way when the daemon was told to stop still counts.
                await call.SendAsync(Events.Batch(1, 100));
                await call.HalfCloseAsync();
                Assert.Equal(100UL, (await call.ReadToEndAsync())[^1].DurableSequence);
                await stopping;
            }
        }

        await using var next = await TestDaemon.StartAsync(folder.FullPath);
        var (again, started) = await EventStreamCall.StartAsync(next);
        using (again) Assert.Equal(100UL, started.Started.DurableSequence);
    }

    [Fact]
    public async Task Stop_StreamThatDoesNotHalfClose_IsEndedAfterTheDrainTimeout()
    {
        await using var daemon = await TestDaemon.StartAsync(args: ["--EmbeddingGrpc:Ingest:DrainTimeout=00:00:00"]);
        var (call, _) = await EventStreamCall.StartAsync(daemon);
        using (call)
        {
            await call.SendAsync(Events.Batch(1, 10));
            await call.ReadThroughAsync(10);
            // The drain alone, with the server still up: a connection that closes at once may take the status with it.
            daemon.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
            var error = await call.ReadToErrorAsync();
            Assert.Equal((StatusCode.Unavailable, "DRAINING"), (error.StatusCode, Events.ReasonOf(error)));
        }
    }
}
