using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Models.FoldIn;

/// <summary>The order in which items that only the catalogue knows get vectors: all keys once, and again those that are upserted behind that. One thread.</summary>
/// <remarks>A number instead of a list: a catalogue may hold millions of items, and looking whether one needs anything is quick.</remarks>
internal sealed class UntouchedItems
{
    private readonly Queue<ItemKey> _changed = new();
    private int _next;

    /// <summary>Whether there are keys to look at.</summary>
    /// <param name="keys">Keys given so far.</param>
    public bool HasWork(int keys) => _next < keys || _changed.Count > 0;

    /// <summary>The next key to look at.</summary>
    /// <param name="keys">Keys given so far.</param>
    /// <param name="key">The key.</param>
    /// <returns>False where all were looked at.</returns>
    public bool TryNext(int keys, out ItemKey key)
    {
        if (_changed.TryDequeue(out key)) return true;
        if (_next >= keys) return false;
        key = new ItemKey(_next++);
        return true;
    }

    /// <summary>An item has other attributes: it is looked at again.</summary>
    public void Changed(ItemKey key)
    {
        if (key.Value < _next) _changed.Enqueue(key);
    }

    /// <summary>All are looked at again.</summary>
    public void Restart()
    {
        _next = 0;
        _changed.Clear();
    }
}
