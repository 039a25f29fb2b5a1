using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace EmbeddingGrpc.FunctionalTests.Harness;

/// <summary>Signals that <see cref="Process"/> cannot send.</summary>
internal static class PosixSignal
{
    private const int Terminate = 15;

    /// <summary>Asks a process to end, as an orchestrator does.</summary>
    public static void SendTerminate(Process process)
    {
        if (Kill(process.Id, Terminate) != 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int processId, int signal);
}
