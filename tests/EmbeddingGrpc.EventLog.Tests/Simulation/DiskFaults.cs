namespace EmbeddingGrpc.EventLog.Tests.Simulation;

/// <summary>What a simulated disk will do wrong.</summary>
internal sealed class DiskFaults
{
    private const int NoSpaceCode = 28;
    private const int ReadOnlyCode = 30;
    private const int InputOutputCode = 5;

    private long? _changesLeft;

    /// <summary>Bytes that files may still grow by; null for no limit.</summary>
    public long? FreeBytes { get; set; }

    /// <summary>The next write fails with EIO after some of its bytes.</summary>
    public bool FailNextWrite { get; set; }

    /// <summary>The next sync fails with EIO.</summary>
    public bool FailNextSync { get; set; }

    /// <summary>What creating, renaming, deleting and cutting files is answered with; null for no failure.</summary>
    public Exception? ChangeFailure { get; set; }

    /// <summary>After so many more changes, writes and syncs, the disk answers nothing: the moment of a crash.</summary>
    public void StopAfter(int changes) => _changesLeft = changes;

    public void Clear()
    {
        _changesLeft = null;
        FreeBytes = null;
        FailNextWrite = false;
        FailNextSync = false;
        ChangeFailure = null;
    }

    /// <summary>Before a file is created, renamed, deleted or cut.</summary>
    public void BeforeChange()
    {
        Count();
        if (ChangeFailure is { } failure) throw failure;
    }

    public void BeforeSync()
    {
        Count();
        if (!FailNextSync) return;
        FailNextSync = false;
        throw Failure();
    }

    /// <returns>How many of the bytes are written before it fails.</returns>
    public int BeforeWrite(int length, long growth, out IOException? failure)
    {
        failure = null;
        if (_changesLeft is <= 0) throw Stopped();
        if (_changesLeft is { } left)
        {
            _changesLeft = left - 1;
            // The last thing that a crash lets through is a part of a write.
            if (left == 1)
            {
                failure = Stopped();
                return length / 2;
            }
        }
        if (FailNextWrite)
        {
            FailNextWrite = false;
            failure = Failure();
            return length / 3;
        }
        if (FreeBytes is { } free)
        {
            if (growth > free)
            {
                failure = NoSpace();
                FreeBytes = 0;
                return (int)(length - growth + free);
            }
            FreeBytes = free - growth;
        }
        return length;
    }

    public void Free(long bytes)
    {
        if (FreeBytes is { } free) FreeBytes = free + bytes;
    }

    private void Count()
    {
        if (_changesLeft is <= 0) throw Stopped();
        _changesLeft--;
    }

    public static IOException ReadOnly() => new("Read-only file system", ReadOnlyCode);

    private static IOException Stopped() => new("The machine has stopped.");

    public static IOException Failure() => new("Input/output error", InputOutputCode);

    public static IOException NoSpace() => new("No space left on device", NoSpaceCode);
}
