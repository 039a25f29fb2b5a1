using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace EmbeddingGrpc.Training;

/// <summary>One training's threads, their progress and their end.</summary>
internal sealed class TrainingRun
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(250);

    private readonly TrainingSchedule _schedule;
    private readonly TrainingTally[] _tallies;
    private readonly IProgress<TrainingProgress>? _progress;
    private readonly CancellationToken _cancellationToken;
    private readonly long _totalWords;
    private Exception? _failure;

    public TrainingRun(TrainingCorpus corpus, TrainingOptions options, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        int threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount;
        _schedule = new TrainingSchedule(corpus, options, threads);
        _tallies = [.. Enumerable.Range(0, threads).Select(_ => new TrainingTally())];
        _progress = progress;
        _cancellationToken = cancellationToken;
        _totalWords = corpus.WordCount * options.Epochs;
    }

    /// <summary>Runs the workers to the end on dedicated threads. Returns the interactions trained and the last interval's mean loss.</summary>
    public (long Words, double Loss) Execute(Func<SkipGramWorker> createWorker)
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

        double loss = ReportUntilJoined(threads);
        if (_failure is not null)
        {
            ExceptionDispatchInfo.Throw(_failure);
        }

        _cancellationToken.ThrowIfCancellationRequested();
        return (_tallies.Sum(tally => tally.Words), loss);
    }

    private void Work(Func<SkipGramWorker> createWorker, TrainingTally tally)
    {
        try
        {
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

    private double ReportUntilJoined(Thread[] threads)
    {
        var clock = Stopwatch.StartNew();
        var last = new Snapshot(TimeSpan.Zero, 0, 0, 0);
        double loss = double.NaN;
        foreach (var thread in threads)
        {
            while (!thread.Join(ReportInterval))
            {
                last = Report(clock.Elapsed, last, ref loss);
            }
        }

        Report(clock.Elapsed, last, ref loss);
        return loss;
    }

    private Snapshot Report(TimeSpan elapsed, Snapshot last, ref double loss)
    {
        var now = new Snapshot(
            elapsed,
            _tallies.Sum(tally => Volatile.Read(ref tally.Words)),
            _tallies.Sum(tally => tally.LossSum),
            _tallies.Sum(tally => tally.LossCount));
        if (now.LossCount > last.LossCount)
        {
            loss = (now.LossSum - last.LossSum) / (now.LossCount - last.LossCount);
        }

        double seconds = Math.Max((now.Elapsed - last.Elapsed).TotalSeconds, 1e-9);
        double fraction = Math.Min(1, (double)now.Words / _totalWords);
        var remaining = fraction > 0 ? elapsed * ((1 - fraction) / fraction) : TimeSpan.Zero;
        _progress?.Report(new TrainingProgress(fraction, (now.Words - last.Words) / seconds, loss, elapsed, remaining));
        return now;
    }

    private readonly record struct Snapshot(TimeSpan Elapsed, long Words, double LossSum, long LossCount);
}
