using System.Runtime.ExceptionServices;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Models;

/// <summary>Runs long work on a thread of its own that yields the processors to requests.</summary>
/// <remarks>
/// On Linux a thread's nice value is handed down to the threads that it creates, so that the trainer's and the index builder's threads are
/// as nice as the one that calls them. For the same reason the thread must not queue work to the thread pool: a pool thread created from
/// here would stay nice and serve requests. Whoever waits is therefore woken by the caller of <see cref="Run"/>, never from inside.
/// </remarks>
internal static class LowPriorityThread
{
    /// <summary>Runs <paramref name="work"/> on a new thread and waits for its end. What it throws is thrown here.</summary>
    /// <param name="name">The thread's name.</param>
    /// <param name="niceness">0 (as important as requests) to 19 (only when nothing else wants to run).</param>
    /// <param name="work">What to do.</param>
    public static T Run<T>(string name, int niceness, Func<T> work)
    {
        T? result = default;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                // Asking for 0 could make a thread less nice than its creator, where the daemon may do so.
                if (niceness > 0) BackgroundPriority.SetCurrentThread(niceness);
                result = work();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        })
        {
            IsBackground = true,
            Name = name,
        };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result!;
    }
}
