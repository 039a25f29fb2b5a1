using System.Collections.Concurrent;
using EmbeddingGrpc.Server.Cache;

namespace EmbeddingGrpc.Server.Tests.Cache;

/// <summary>A store whose answers the test gives when it likes: what a network can do, on command.</summary>
public sealed class FakeRemoteStore : IRemoteStore
{
    private readonly ConcurrentDictionary<string, byte[]> _values = new();
    private int _lookups;
    private int _writes;

    public bool IsConnected { get; set; } = true;

    /// <summary>Lookups made.</summary>
    public int Lookups => _lookups;

    /// <summary>Writes made.</summary>
    public int Writes => _writes;

    /// <summary>What a lookup does instead of answering.</summary>
    public Func<Task<byte[]?>>? InsteadOfGet { get; set; }

    /// <summary>What a write does instead of storing.</summary>
    public Func<Task>? InsteadOfSet { get; set; }

    /// <summary>Keys written.</summary>
    public ICollection<string> Keys => _values.Keys;

    public void Corrupt(string key) => _values[key] = [1, 2, 3];

    public Task<byte[]?> GetAsync(string key)
    {
        Interlocked.Increment(ref _lookups);
        return InsteadOfGet?.Invoke() ?? Task.FromResult(_values.GetValueOrDefault(key));
    }

    public Task SetAsync(string key, byte[] value, TimeSpan timeToLive)
    {
        Interlocked.Increment(ref _writes);
        if (InsteadOfSet is { } instead) return instead();
        _values[key] = value;
        return Task.CompletedTask;
    }
}
