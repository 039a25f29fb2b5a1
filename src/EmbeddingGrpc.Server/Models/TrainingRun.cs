using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace EmbeddingGrpc.Server.Models;

/// <summary>
/// One training that runs or has ended. One writer, any number of watchers; a watcher that leaves changes nothing. Within a phase watchers
/// look at the latest status now and then, so that a slow one costs the training nothing; the end of a phase and of the training wakes them.
/// </summary>
public sealed class TrainingRun
{
    private readonly TaskCompletionSource<TrainingOutcome> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile State _state = new([], new(TrainingPhase.Read));
    private long _heldBytes;
    private TaskCompletionSource _phaseEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether it begins anew in any case, instead of going on from what serves.</summary>
    public bool IsFull { get; init; }

    /// <summary>Ends with the training: with its outcome, or with why it failed.</summary>
    public Task<TrainingOutcome> Completion => _completion.Task;

    /// <summary>How far it is.</summary>
    public TrainingStatus Status => _state.Current;

    /// <summary>Memory that it holds now, in bytes: what it read, the matrices, and what it made of them until that serves; 0 once it has ended.</summary>
    public long HeldBytes => _completion.Task.IsCompleted ? 0 : Volatile.Read(ref _heldBytes);

    /// <summary>Tells how far the training is until it ends: every phase at least once, at its end. Failures are in <see cref="Completion"/>.</summary>
    /// <param name="interval">How often to look.</param>
    /// <param name="time">The clock of <paramref name="interval"/>.</param>
    /// <param name="cancellationToken">Stops watching, not the training.</param>
    public async IAsyncEnumerable<TrainingStatus> WatchAsync(
        TimeSpan interval, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var told = 0;
        TrainingStatus? last = null;
        while (true)
        {
            // Read before the state: what changes later wakes this wait.
            var phaseEnded = Volatile.Read(ref _phaseEnded).Task;
            var completed = _completion.Task.IsCompleted;
            var state = _state;
            for (; told < state.Ended.Length; told++) yield return state.Ended[told];
            if (completed) yield break;
            if (state.Current != last && !state.Ended.Contains(state.Current)) yield return last = state.Current;
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(phaseEnded, _completion.Task, Task.Delay(interval, time, timeout.Token)).ConfigureAwait(false);
            await timeout.CancelAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Says how far the current phase is. Wakes nobody: any thread may call it.</summary>
    internal void Report(TrainingStatus status) => _state = _state with { Current = status };

    /// <summary>Ends a phase. The writer's own thread calls it, never a low-priority one.</summary>
    internal void EndPhase(TrainingStatus status)
    {
        _state = new(_state.Ended.Add(status), status);
        Interlocked.Exchange(ref _phaseEnded, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    /// <summary>Says what it holds from here on.</summary>
    internal void Holds(long bytes) => Volatile.Write(ref _heldBytes, bytes);

    internal void Complete(TrainingOutcome outcome) => _completion.SetResult(outcome);

    internal void Fail(Exception exception)
    {
        _completion.SetException(exception);

        // Whoever watches reads it; with no watcher left it was logged and is not an unobserved failure.
        _ = _completion.Task.Exception;
    }

    private sealed record State(ImmutableArray<TrainingStatus> Ended, TrainingStatus Current);
}
