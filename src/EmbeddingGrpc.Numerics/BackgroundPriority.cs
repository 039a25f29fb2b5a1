using System.Runtime.InteropServices;

namespace EmbeddingGrpc.Numerics;

/// <summary>Lets a thread yield to those that answer requests.</summary>
public static partial class BackgroundPriority
{
    private const int PriorityProcess = 0;

    /// <summary>
    /// Sets the niceness of the calling thread, 0..19. <see cref="Thread.Priority"/> does nothing on Linux; there, a thread id of zero
    /// names the calling thread alone. Elsewhere the runtime's priority is set.
    /// </summary>
    public static void SetCurrentThread(int niceness)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(niceness);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(niceness, 19);
        if (OperatingSystem.IsLinux())
        {
            // A refusal is impossible when lowering, and harmless when a thread already nicer than this asks for less.
            _ = SetPriority(PriorityProcess, 0, niceness);
        }
        else if (niceness > 0)
        {
            Thread.CurrentThread.Priority = ThreadPriority.BelowNormal;
        }
    }

    /// <summary>Niceness of the calling thread; 0 where it is not known.</summary>
    public static int OfCurrentThread => OperatingSystem.IsLinux() ? GetPriority(PriorityProcess, 0) : 0;

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int niceness);

    [LibraryImport("libc", EntryPoint = "getpriority")]
    private static partial int GetPriority(int which, int who);
}
