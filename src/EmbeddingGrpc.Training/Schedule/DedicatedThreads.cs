using System.Runtime.ExceptionServices;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training;

/// <summary>Work that is shared out among threads of its own, which yield to those that answer requests. Stateless.</summary>
internal static class DedicatedThreads
{
    /// <summary>Runs the work once on each of several threads and waits for all of them.</summary>
    /// <param name="count">Threads.</param>
    /// <param name="niceness">Theirs.</param>
    /// <param name="name">Of the threads, for debuggers.</param>
    /// <param name="work">Told the thread's number, from 0.</param>
    /// <exception cref="Exception">The first that one of them threw, after all have ended.</exception>
    public static void Run(int count, int niceness, string name, Action<int> work)
    {
        Exception? failure = null;
        var threads = new Thread[count];
        for (int i = 0; i < count; i++)
        {
            int number = i;
            threads[i] = new Thread(() => Guard(number)) { IsBackground = true, Name = $"{name} {number}" };
            threads[i].Start();
        }

        foreach (var thread in threads)
        {
            thread.Join();
        }

        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        void Guard(int number)
        {
            try
            {
                BackgroundPriority.SetCurrentThread(niceness);
                work(number);
            }
#pragma warning disable CA1031 // A thread's failure of any kind is thrown again where the work was started.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Interlocked.CompareExchange(ref failure, e, null);
            }
        }
    }
}
