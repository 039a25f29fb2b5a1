namespace EmbeddingGrpc.EventLog.Files;

/// <summary>Tells a disk that may recover from one that will not.</summary>
internal static class DiskErrors
{
    private const int NoSpace = 28; // ENOSPC; .NET hands errno through in HResult
    private const int ReadOnlyFileSystem = 30; // EROFS
    private const int QuotaExceededLinux = 122; // EDQUOT
    private const int QuotaExceededMac = 69;
    private const int DiskFullWindows = unchecked((int)0x80070070);
    private const int HandleDiskFullWindows = unchecked((int)0x80070027);

    /// <summary>Whether room may appear later: a full disk or an exhausted quota.</summary>
    public static bool IsOutOfSpace(Exception exception) => exception is IOException
    {
        HResult: NoSpace or QuotaExceededLinux or QuotaExceededMac or DiskFullWindows or HandleDiskFullWindows
    };

    /// <summary>Whether the file system is mounted read-only.</summary>
    public static bool IsReadOnly(Exception exception) => exception is IOException { HResult: ReadOnlyFileSystem };

    /// <summary>Whether an exception is the disk's answer, rather than a mistake of this program.</summary>
    public static bool IsDiskError(Exception exception) => exception is IOException or UnauthorizedAccessException;
}
