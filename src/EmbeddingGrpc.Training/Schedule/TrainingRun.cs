using System.Diagnostics;
using System.Runtime.ExceptionServices;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training;

/// <summary>One training's threads, their progress and their end.</summary>
internal sealed class TrainingRun
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(250);

    private readonly TrainingSchedule _schedule;
    private readonly TrainingTally[] _tallies;
    private readonly int _niceness;
    private readonly IProgress<TrainingProgress>? _progress;
    private readonly CancellationToken _cancellationToken;
    private readonly Stopwatch _clock = new();
    private Snapshot _last = new(TimeSpan.Zero, 0, 0, 0);
    private double _loss = double.NaN;
    private Exception? _failure;

    /// <param name="schedule">The blocks.</param>
    /// <param name="threads">Threads to start.</param>
    /// <param name="niceness">Their niceness.</param>
    /// <param name="progress">Told about four times a second, on the calling thread.</param>
    /// <param name="cancellationToken">Checked between blocks.</param>
    public TrainingRun(
        TrainingSchedule schedule, int threads, int niceness, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        _schedule = schedule;
        _tallies = [.. Enumerable.Range(0, threads).Select(_ => new TrainingTally())];
        _niceness = niceness;
        _progress = progress;
        _cancellationToken = cancellationToken;
    }

    /// <summary>
    /// Runs the workers on dedicated threads to the end of the schedule, or to its next pause. Returns the interactions trained so far and the last interval's
    /// mean loss.
    /// </summary>
    public (long Words, double Loss) Execute(Func<TrainingWorker> createWorker)
    {
        var threads = new Thread[_tallies.Length];
        for (int i = 0; i < threads.Length; i++)
        {
            var tally = _tallies[i];
            threads[i] = new Thread(() => Work(createWorker, tally)) { IsBackground = true, Name = $"training {i}" };
        }

        foreach (var thread in threads)
        {
            thread.Start();
        }

        ReportUntilJoined(threads);
        if (_failure is not null)
        {
            ExceptionDispatchInfo.Throw(_failure);
        }

        _cancellationToken.ThrowIfCancellationRequested();
        return (_tallies.Sum(tally => tally.Words), _loss);
    }

    private void Work(Func<TrainingWorker> createWorker, TrainingTally tally)
    {
        try
        {
            BackgroundPriority.SetCurrentThread(_niceness);
            using var worker = createWorker();
            while (!_cancellationToken.IsCancellationRequested && Volatile.Read(ref _failure) is null && _schedule.TryTake(out var block))
            {
                worker.Train(block, tally);
            }
        }
#pragma warning disable CA1031 // A thread's failure of any kind ends the training: it is thrown again where the training was started.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref _failure, e, null);
        }
    }

    private void ReportUntilJoined(Thread[] threads)
    {
        _clock.Start();
        foreach (var thread in threads)
        {
            while (!thread.Join(ReportInterval))
            {
                Report(ended: false);
            }
        }

        Report(ended: _schedule.HasEnded && !_cancellationToken.IsCancellationRequested && _failure is null);
        _clock.Stop();
    }

    private void Report(bool ended)
    {
        var (elapsed, last) = (_clock.Elapsed, _last);
        var now = new Snapshot(
            elapsed,
            _tallies.Sum(tally => Volatile.Read(ref tally.Words)),
            _tallies.Sum(tally => tally.LossSum),
            _tallies.Sum(tally => tally.LossCount));
        if (now.LossCount > last.LossCount)
        {
            _loss = (now.LossSum - last.LossSum) / (now.LossCount - last.LossCount);
        }

        double wordsPerSecond = (now.Words - last.Words) / Math.Max((now.Elapsed - last.Elapsed).TotalSeconds, 1e-9);
        double fraction = ended ? 1 : _schedule.Done;
        var remaining = fraction > 0 ? elapsed * ((1 - fraction) / fraction) : TimeSpan.Zero;
        _progress?.Report(new TrainingProgress(fraction, wordsPerSecond, _loss, elapsed, remaining));
        TrainingMetrics.Report(now.Words - last.Words, wordsPerSecond, _loss);
        _last = now;
    }

    private readonly record struct Snapshot(TimeSpan Elapsed, long Words, double LossSum, long LossCount);
}
