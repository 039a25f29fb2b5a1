namespace EmbeddingGrpc.Server.Cache;

/// <summary>A store of bytes in another process. Slow and unreliable by nature: its methods throw, its callers bound the time.</summary>
public interface IRemoteStore
{
    /// <summary>Whether a call has a chance now. Cheap.</summary>
    bool IsConnected { get; }

    /// <summary>The value of a key; null where there is none.</summary>
    Task<byte[]?> GetAsync(string key);

    /// <summary>Keeps a value for a while.</summary>
    Task SetAsync(string key, byte[] value, TimeSpan timeToLive);
}
