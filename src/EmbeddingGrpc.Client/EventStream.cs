using System.Diagnostics.CodeAnalysis;
using EmbeddingGrpc.Client.Streaming;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace EmbeddingGrpc.Client;

/// <summary>
/// Sends interactions to the daemon and knows which of them are on disk. It batches, holds what is not acknowledged, and when the connection or the
/// daemon goes away it comes back and sends that again: the daemon ignores what it has, so every interaction arrives exactly once.
/// Any number of threads may send. Complete it before disposing it, or what is still held is lost.
/// </summary>
[SuppressMessage("Naming", "CA1711", Justification = "A stream of events, as the protocol has it; nobody takes it for a System.IO.Stream.")]
public sealed partial class EventStream : IAsyncDisposable
{
    private readonly CallInvoker _invoker;
    private readonly EventStreamOptions _options;
    private readonly StreamStart _start;
    private readonly ILogger _logger;
    private readonly SendBuffer _buffer;
    private readonly RejectionLedger _rejections;
    private readonly WakeSignal _workAvailable = new();
    private readonly ReconnectBackoff _backoff;
    private readonly StreamProgress _progress;
    private readonly TimeProvider _time;
    private readonly ITimer _linger;
    private readonly CancellationTokenSource _disposing = new();
    private readonly Task _running;
    private long _connections;
    private ulong _logOffset;

    internal EventStream(CallInvoker invoker, string model, EventStreamOptions options, TimeProvider time, ILogger logger)
    {
        _invoker = invoker;
        _options = options;
        _time = time;
        _logger = logger;
        _start = new StreamStart { Model = model, Producer = new Producer { Name = options.ProducerName ?? UniqueProducer.Name(), Epoch = options.ProducerEpoch } };
        _buffer = new SendBuffer(options.BatchSize, options.BufferCapacity, numberingKnown: options.ProducerName is null)
        {
            BatchBegun = () => _linger!.Change(_options.Linger, Timeout.InfiniteTimeSpan),
            WorkAvailable = _workAvailable.Set,
        };
        _rejections = new RejectionLedger(options.OnRejected, rejection => LogRejected(ProducerName, rejection.Number, rejection.Field, rejection.Reason));
        _backoff = new ReconnectBackoff(options.InitialBackoff, options.MaximumBackoff, Random.Shared);
        _progress = new StreamProgress(time);
        _linger = time.CreateTimer(_ => _buffer.Seal(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _running = Task.Run(RunAsync);
    }

    /// <summary>The name under which the daemon knows this stream.</summary>
    public string ProducerName => _start.Producer.Name;

    /// <summary>The number of the newest interaction sent.</summary>
    public ulong LastNumber => _buffer.LastNumber;

    /// <summary>Every number up to this one is on the daemon's disk, or was refused. The acknowledged watermark.</summary>
    public ulong DurableSequence => _buffer.DurableSequence;

    /// <summary>Interactions held in memory because they are not known to be on disk.</summary>
    public int PendingCount => _buffer.Pending;

    /// <summary>Hand it to a recall as <c>minimum_offset</c> to read what was acknowledged so far.</summary>
    public ulong LogOffset => Volatile.Read(ref _logOffset);

    /// <summary>Interactions that the daemon refused.</summary>
    public long RejectedCount => _rejections.Count;

    /// <summary>Connections made after the first.</summary>
    public long ReconnectCount => Math.Max(0, Interlocked.Read(ref _connections) - 1);

    /// <summary>Sends an interaction: returns when it is held, waits only while the buffer is full.</summary>
    /// <returns>Its number; compare with <see cref="DurableSequence"/>.</returns>
    /// <exception cref="ArgumentException">The number does not rise, or an id cannot be sent at all. The stream goes on.</exception>
    /// <exception cref="EventStreamException">The stream has ended.</exception>
    public ValueTask<ulong> SendAsync(in UserInteraction interaction, CancellationToken cancellationToken = default) =>
        TrySend(in interaction, out var number) ? new ValueTask<ulong>(number) : SendWhenThereIsRoomAsync(interaction, cancellationToken);

    /// <summary>Sends an interaction unless the buffer is full.</summary>
    /// <returns>False when it is full: nothing was sent; see <see cref="WaitForRoomAsync"/>.</returns>
    /// <exception cref="ArgumentException">The number does not rise, or an id cannot be sent at all. The stream goes on.</exception>
    /// <exception cref="EventStreamException">The stream has ended.</exception>
    public bool TrySend(in UserInteraction interaction, out ulong number)
    {
        ArgumentNullException.ThrowIfNull(interaction.UserId);
        ArgumentNullException.ThrowIfNull(interaction.ItemId);
        number = interaction.Number;
        var fields = new InteractionFields
        {
            UserId = interaction.UserId,
            ItemId = interaction.ItemId,
            EventTimeMs = interaction.EventTimeMs,
            Type = interaction.Type,
            Weight = interaction.Weight,
            RecallId = interaction.RecallId,
        };
        return _buffer.TryAdd(in fields, ref number);
    }

    /// <summary>The same from text that is not a string, for readers of files: nothing is allocated.</summary>
    /// <inheritdoc cref="TrySend(in UserInteraction, out ulong)"/>
    public bool TrySend(
        ReadOnlySpan<char> userId, ReadOnlySpan<char> itemId, long eventTimeMs, ulong number, InteractionType type = default, float? weight = null)
    {
        var fields = new InteractionFields { UserId = userId, ItemId = itemId, EventTimeMs = eventTimeMs, Type = type, Weight = weight };
        return _buffer.TryAdd(in fields, ref number);
    }

    /// <summary>Completes when the buffer has room again.</summary>
    /// <exception cref="EventStreamException">The stream has ended.</exception>
    public Task WaitForRoomAsync(CancellationToken cancellationToken = default) => _buffer.WaitForRoomAsync(cancellationToken);

    /// <summary>Completes when the daemon has answered: with the highest number of this producer that it has on disk already, 0 for a new one.</summary>
    /// <exception cref="EventStreamException">The stream has ended, for example because the model does not exist.</exception>
    public Task<ulong> WaitForStartAsync(CancellationToken cancellationToken = default) => _buffer.Started.WaitAsync(cancellationToken);

    /// <summary>Completes when everything sent so far is on the daemon's disk, or refused.</summary>
    /// <exception cref="EventStreamException">The stream has ended before that.</exception>
    public Task FlushAsync(CancellationToken cancellationToken = default)
    {
        var last = _buffer.LastNumber;
        _buffer.Seal();
        return _buffer.WaitForDurableAsync(last, cancellationToken);
    }

    /// <summary>Lets nothing more in, and completes when everything sent is on the daemon's disk, or refused, and the call has ended.</summary>
    /// <exception cref="EventStreamException">The stream has ended before that.</exception>
    public async Task CompleteAsync(CancellationToken cancellationToken = default)
    {
        _buffer.Close();
        await _running.WaitAsync(cancellationToken);
        if (_buffer.Failure is { } failure) throw failure;
    }

    /// <summary>Ends the call at once. What is not acknowledged yet is given up: see <see cref="CompleteAsync"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposing.IsCancellationRequested) return;
        await _disposing.CancelAsync();
        await _running;
        await _linger.DisposeAsync();
        _disposing.Dispose();
    }

    private async ValueTask<ulong> SendWhenThereIsRoomAsync(UserInteraction interaction, CancellationToken cancellationToken)
    {
        ulong number;
        do await _buffer.WaitForRoomAsync(cancellationToken);
        while (!TrySend(in interaction, out number));
        return number;
    }

    /// <summary>Connects again and again until everything is durable after a completion, or nothing will help. Never throws: a failure goes to the buffer.</summary>
    private async Task RunAsync()
    {
        try
        {
            while (!_buffer.IsDrained)
            {
                var pause = await ConnectOnceAsync();
                if (pause is { } time) await Task.Delay(time, _time, _disposing.Token);
            }
            _buffer.Finish();
        }
        catch (Exception) when (_disposing.IsCancellationRequested)
        {
            _buffer.Fail(new EventStreamException("The stream was disposed before everything in it was acknowledged.", _buffer.DurableSequence));
        }
        catch (EventStreamException e)
        {
            _buffer.Fail(e);
        }
        catch (Exception e)
        {
            _buffer.Fail(new EventStreamException($"The stream failed: {e.Message}", _buffer.DurableSequence, e));
        }
    }

    /// <summary>One connection from start to end.</summary>
    /// <returns>How long to wait before the next.</returns>
    private async Task<TimeSpan?> ConnectOnceAsync()
    {
        var connection = new EventStreamConnection(_invoker, _start, _buffer, _workAvailable, _options.StartTimeout, Receive);
        try
        {
            await connection.RunAsync(_disposing.Token);
            if (_buffer.IsDrained) return null;
            LogEndedByDaemon(ProducerName);
            return PauseAfter(null);
        }
        catch (RpcException e) when (!_disposing.IsCancellationRequested)
        {
            if (e.StatusCode == StatusCode.Aborted) throw new ProducerFencedException(ProducerName, _buffer.DurableSequence, e);
            if (!StreamFailures.MayPass(e.StatusCode)) throw new EventStreamException(RpcErrorText.Describe(e), _buffer.DurableSequence, e);
            LogConnectionLost(ProducerName, _buffer.Pending, e);
            return PauseAfter(e);
        }
    }

    private TimeSpan PauseAfter(RpcException? failure)
    {
        var lasted = _progress.Lost();
        if (_options.GiveUpAfter != Timeout.InfiniteTimeSpan && lasted >= _options.GiveUpAfter)
        {
            var why = failure is null ? "it keeps ending the stream" : RpcErrorText.Describe(failure);
            throw new EventStreamException($"Gave up after {lasted.TotalSeconds:0.#} s without the daemon: {why}", _buffer.DurableSequence, failure);
        }
        return _backoff.Next(failure is null ? null : RpcErrorText.RetryDelay(failure));
    }

    private void Receive(StreamEventsResponse response)
    {
        if (response.Started is not null) Interlocked.Increment(ref _connections);
        foreach (var rejected in response.Rejected) _rejections.Add(rejected);
        Volatile.Write(ref _logOffset, Math.Max(_logOffset, response.LogOffset));
        var advanced = _buffer.Acknowledge(response.DurableSequence);
        if (advanced) _rejections.Forget(response.DurableSequence);
        if (!advanced && _buffer.Pending > 0) return;
        _progress.Made();
        _backoff.Reset();
    }

    [LoggerMessage(4101, LogLevel.Warning, "Event stream {Producer} lost its connection with {Pending} interactions unacknowledged; they will be sent again.")]
    private partial void LogConnectionLost(string producer, int pending, Exception exception);

    [LoggerMessage(4102, LogLevel.Information, "The daemon ended event stream {Producer}, as it does when it shuts down; connecting again.")]
    private partial void LogEndedByDaemon(string producer);

    [LoggerMessage(4103, LogLevel.Warning, "Event stream {Producer}: interaction {Number} was refused: {Field}: {Reason}")]
    private partial void LogRejected(string producer, ulong number, string field, string reason);
}
