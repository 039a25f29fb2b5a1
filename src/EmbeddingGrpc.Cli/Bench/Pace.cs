using System.Diagnostics;
using System.Runtime.InteropServices;

namespace EmbeddingGrpc.Cli.Bench;

/// <summary>
/// Starts calls on schedule, from a thread of its own. The pool's timers are good to one or two milliseconds, in which whole bursts of calls fall due: what they wait for each other
/// would be told as the daemon's latency.
/// </summary>
internal static class Pace
{
    /// <summary>The system wakes a thread about as late as this; what is due sooner is started at once.</summary>
    private static readonly TimeSpan Lateness = TimeSpan.FromMicroseconds(60);

    /// <summary>Starts so many calls a second for a time.</summary>
    /// <param name="rate">Calls a second.</param>
    /// <param name="duration">For how long.</param>
    /// <param name="start">Begins one call and does not wait for it: its number from 0, and the <see cref="Stopwatch"/> timestamp at which it is due. Called by one thread.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static Task RunAsync(int rate, TimeSpan duration, Action<long, long> start, CancellationToken cancellationToken)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                Run(rate, duration, start, cancellationToken);
                ended.SetResult();
            }
            catch (OperationCanceledException)
            {
                ended.SetCanceled(cancellationToken);
            }
            catch (Exception e)
            {
                ended.SetException(e);
            }
        })
        { IsBackground = true, Name = "pace" };
        thread.Start();
        return ended.Task;
    }

    private static void Run(int rate, TimeSpan duration, Action<long, long> start, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        for (var call = 0L; ; call++)
        {
            var due = started + (long)(call * (double)Stopwatch.Frequency / rate);
            if (Stopwatch.GetElapsedTime(started, due) >= duration) return;
            for (TimeSpan early; (early = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due)) > Lateness;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Sleep(early - Lateness);
            }

            cancellationToken.ThrowIfCancellationRequested();
            start(call, due);
        }
    }

    private static void Sleep(TimeSpan time)
    {
        // Looks at the cancellation once in a while.
        if (time > TimeSpan.FromMilliseconds(100)) time = TimeSpan.FromMilliseconds(100);
        if (!OperatingSystem.IsLinux())
        {
            Thread.Sleep(time);
            return;
        }

        var wanted = new Interval { Seconds = 0, Nanoseconds = (nint)(time.Ticks * TimeSpan.NanosecondsPerTick) };
        // Woken early by a signal, it sleeps again.
        _ = NanoSleep(in wanted, 0);
    }

    [DllImport("libc", EntryPoint = "nanosleep")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int NanoSleep(in Interval wanted, nint remaining);

    /// <summary>A <c>timespec</c>.</summary>
    private struct Interval
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
