using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Hosting;
using EmbeddingGrpc.Server.Recall.Admission;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>
/// Answers <c>StreamRecall</c>: reads requests ahead up to a bound, answers them on as many threads as there are, and writes answers as they come. A
/// request holds its place until its answer is written, so that a caller who does not read is not read from either. Thread-safe: a stream's own state
/// is on its call.
/// </summary>
public sealed class RecallStreaming(RecallCall call, AdmissionOptions options, Drain drain)
{
    // More answers are at hand: they leave in one write.
    private static readonly WriteOptions MoreFollows = new(WriteFlags.BufferHint);

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    /// <summary>Runs until the caller half-closes, gives up, or the daemon drains, and every request that was read is answered.</summary>
    /// <exception cref="RpcException">UNAVAILABLE: the daemon is shutting down.</exception>
    public async Task RunAsync(IAsyncStreamReader<StreamRecallRequest> requests, IServerStreamWriter<StreamRecallReply> replies, CancellationToken cancelled)
    {
        ArgumentNullException.ThrowIfNull(requests);
        ArgumentNullException.ThrowIfNull(replies);
        using var stream = drain.Join();
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancelled);
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(failed.Token, drain.Begun);
        var places = new InFlightLimit(options.StreamInFlight);
        var answered = Channel.CreateUnbounded<StreamRecallReply>(new UnboundedChannelOptions { SingleReader = true });
        var writing = WriteAsync(answered.Reader, replies, places, failed);
        try
        {
            await ReadAsync(requests, answered.Writer, places, reading.Token, failed.Token);
        }
        catch (OperationCanceledException) when (reading.IsCancellationRequested)
        {
            // Why nothing more is read is told below, after what was read is answered.
        }
        finally
        {
            // All places at once: every request that was read has its answer written, or the stream has failed.
            await places.AcquireAsync(options.StreamInFlight, CancellationToken.None);
            answered.Writer.Complete();
            await writing;
        }

        cancelled.ThrowIfCancellationRequested();
        if (reading.IsCancellationRequested)
            throw RpcErrors.Unavailable("DRAINING", "The daemon is shutting down. What it had read is answered; ask the rest elsewhere.", RetryDelay);
    }

    private async Task ReadAsync(
        IAsyncStreamReader<StreamRecallRequest> requests, ChannelWriter<StreamRecallReply> answered, InFlightLimit places, CancellationToken reading, CancellationToken failed)
    {
        while (true)
        {
            await places.AcquireAsync(1, reading);
            StreamRecallRequest? request = null;
            try
            {
                if (await requests.MoveNext(reading)) request = requests.Current;
            }
            finally
            {
                if (request is null) places.Release(1);
            }

            if (request is null) return;
            _ = Task.Run(() => AnswerAsync(request, answered, places, failed), CancellationToken.None);
        }
    }

    private async Task AnswerAsync(
        StreamRecallRequest request, ChannelWriter<StreamRecallReply> answered, InFlightLimit places, CancellationToken failed)
    {
        try
        {
            answered.TryWrite(new StreamRecallReply(request.Tag, await call.AnswerOneOfManyAsync(request.Request, null, failed)));
        }
        catch (Exception) when (failed.IsCancellationRequested)
        {
            // Nobody is left to be told.
            places.Release(1);
        }
    }

    /// <summary>After a failed write nothing more is written, but what is on its way still gives its places back.</summary>
    private static async Task WriteAsync(
        ChannelReader<StreamRecallReply> answered, IServerStreamWriter<StreamRecallReply> replies, InFlightLimit places, CancellationTokenSource failed)
    {
        ExceptionDispatchInfo? failure = null;
        await foreach (var reply in answered.ReadAllAsync(CancellationToken.None))
        {
            try
            {
                if (failure is not null) continue;
                replies.WriteOptions = answered.TryPeek(out _) ? MoreFollows : null;
                await replies.WriteAsync(reply, failed.Token);
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
                await failed.CancelAsync();
            }
            finally
            {
                places.Release(1);
            }
        }

        failure?.Throw();
    }
}
