using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EmbeddingGrpc.EventLog.Files;

/// <summary>fsync for files and directories.</summary>
/// <remarks>
/// On Linux fsync(2) is called directly: .NET's own flush takes EROFS for success, which is what a file system answers after it has
/// remounted itself read-only because of a write error, and it cannot open a directory at all.
/// </remarks>
internal static class StableStorage
{
    private const int Eintr = 4;
    private const int OpenReadOnlyCloseOnExec = 0x80000; // O_RDONLY | O_CLOEXEC

    public static void SyncFile(SafeFileHandle handle, string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.FlushToDisk(handle); // F_FULLFSYNC on macOS, FlushFileBuffers on Windows
            return;
        }
        while (Fsync(handle) != 0) ThrowUnlessInterrupted("fsync", path);
    }

    public static void SyncDirectory(string path)
    {
        // Windows orders directory changes in its own journal and offers no such call.
        if (OperatingSystem.IsWindows()) return;
        var flags = OperatingSystem.IsLinux() ? OpenReadOnlyCloseOnExec : 0;
        using var handle = new SafeFileHandle(Open(path, flags), ownsHandle: true);
        if (handle.IsInvalid) throw Failure("open", path, Marshal.GetLastPInvokeError());
        while (Fsync(handle) != 0) ThrowUnlessInterrupted("fsync", path);
    }

    private static void ThrowUnlessInterrupted(string call, string path)
    {
        var error = Marshal.GetLastPInvokeError();
        if (error != Eintr) throw Failure(call, path, error);
    }

    private static IOException Failure(string call, string path, int error) =>
        new($"{call} of '{path}' failed: {new Win32Exception(error).Message}", error);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Fsync(SafeFileHandle handle);

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);
}
