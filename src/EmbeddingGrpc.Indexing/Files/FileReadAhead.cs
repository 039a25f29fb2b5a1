using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EmbeddingGrpc.Indexing.Files;

/// <summary>Asks the system to read a file before it is asked for. Stateless.</summary>
internal static partial class FileReadAhead
{
    private const int Advise_WillNeed = 3;

    /// <summary>Begins to read the whole file into the page cache and does not wait for it. Advice: where the system has none to take, the file is read as it is touched.</summary>
    public static void Begin(SafeFileHandle file)
    {
        if (OperatingSystem.IsLinux()) _ = Advise((int)file.DangerousGetHandle(), 0, 0, Advise_WillNeed);
    }

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(int file, long offset, long length, int advice);
}
