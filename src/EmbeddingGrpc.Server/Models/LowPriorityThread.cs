using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace EmbeddingGrpc.Server.Models;

/// <summary>Runs long work on a thread of its own that yields the processors to requests.</summary>
/// <remarks>
/// On Linux a thread's nice value is handed down to the threads that it creates, so that the trainer's and the index builder's threads are
/// as nice as the one that calls them. For the same reason the thread must not queue work to the thread pool: a pool thread created from
/// here would stay nice and serve requests. Whoever waits is therefore woken by the caller of <see cref="Run"/>, never from inside.
/// </remarks>
internal static class LowPriorityThread
{
    private const int PrioProcess = 0;
    private const int CallingThread = 0;

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
                Lower(niceness);
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

    private static void Lower(int niceness)
    {
        if (niceness == 0) return;

        // .NET's own priority does nothing on Linux. There, "the calling process" of setpriority(2) is the calling thread. Lowering one's own
        // priority is always allowed; should a sandbox refuse it all the same, the work is done at normal priority.
        if (OperatingSystem.IsLinux()) _ = SetPriority(PrioProcess, CallingThread, niceness);
        else Thread.CurrentThread.Priority = ThreadPriority.BelowNormal;
    }

    [DllImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetPriority(int which, int who, int priority);
}
