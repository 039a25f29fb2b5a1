using System.Collections.Frozen;
using EmbeddingGrpc.Server.Hosting;

namespace EmbeddingGrpc.Server.Access;

/// <summary>
/// The keys that may call, as their file says now: a key is added or withdrawn without a restart. Immutable snapshot, replaced by whichever call
/// first looks after <see cref="LookInterval"/>.
/// </summary>
internal sealed partial class AccessKeys
{
    /// <summary>How old a snapshot may be before a call looks whether the file has changed.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(10);

    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private FrozenDictionary<string, AccessKeyHolder> _holders;
    private DateTime _stamp;
    private long _lookedAt;

    /// <summary>Reads the file that <see cref="DaemonOptions.AccessKeysFile"/> names.</summary>
    /// <exception cref="InvalidSettingException">It cannot be read, or a line is wrong.</exception>
    public AccessKeys(DaemonOptions options, TimeProvider time, ILogger<AccessKeys> logger)
    {
        _path = options.AccessKeysFile;
        _time = time;
        _logger = logger;
        _lookedAt = time.GetTimestamp();
        _stamp = FileTime.ChangedAt(_path);
        _holders = IsOn ? AccessKeysFile.Read(_path) : FrozenDictionary<string, AccessKeyHolder>.Empty;
    }

    /// <summary>Whether keys are asked for at all.</summary>
    public bool IsOn => _path.Length > 0;

    /// <summary>Whom a key belongs to; null if it is nobody's.</summary>
    public AccessKeyHolder? Find(ReadOnlySpan<char> key)
    {
        if (_time.GetElapsedTime(Volatile.Read(ref _lookedAt)) >= LookInterval) Look();
        return Volatile.Read(ref _holders).GetValueOrDefault(AccessKeysFile.HashOf(key));
    }

    // A file that is wrong for a moment must neither lock everybody out nor let anybody in: the keys before it hold.
    private void Look()
    {
        lock (_gate)
        {
            if (_time.GetElapsedTime(Volatile.Read(ref _lookedAt)) < LookInterval) return;
            Volatile.Write(ref _lookedAt, _time.GetTimestamp());
            var stamp = FileTime.ChangedAt(_path);
            if (stamp == _stamp) return;
            try
            {
                Volatile.Write(ref _holders, AccessKeysFile.Read(_path));
                LogRead(_path, _holders.Count);
            }
            catch (InvalidSettingException e)
            {
                LogUnreadable(e.Message);
            }

            _stamp = stamp;
        }
    }

    [LoggerMessage(1020, LogLevel.Information, "The access keys of {Path} were read again: {Count} keys.")]
    private partial void LogRead(string path, int count);

    [LoggerMessage(1021, LogLevel.Error, "The changed access keys cannot be used; the keys before them still hold. {Reason}")]
    private partial void LogUnreadable(string reason);
}
