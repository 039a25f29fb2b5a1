using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Catalog.Columns;

/// <summary>A list of items with a bound. One thread.</summary>
/// <param name="most">Items that fit.</param>
internal sealed class FewItems(int most)
{
    private readonly List<int> _keys = [];
    private readonly List<int> _ordinals = [];

    /// <summary>How many more fit.</summary>
    public int Room => most - _keys.Count - _ordinals.Count;

    /// <summary>Those known by their keys.</summary>
    public List<int> Keys => _keys;

    /// <summary>Those known by their ordinals in a generation.</summary>
    public List<int> Ordinals => _ordinals;

    /// <summary>Adds an item by its key; false where it does not fit.</summary>
    public bool TryAdd(ItemKey item) => TryAdd(_keys, item.Value);

    /// <summary>Adds an item by its ordinal; false where it does not fit.</summary>
    public bool TryAdd(ItemOrdinal item) => TryAdd(_ordinals, item.Value);

    /// <summary>Adds what another one has; false where that does not fit.</summary>
    public bool TryAdd(FewItems others)
    {
        if (others._keys.Count + others._ordinals.Count > Room) return false;
        _keys.AddRange(others._keys);
        _ordinals.AddRange(others._ordinals);
        return true;
    }

    private bool TryAdd(List<int> list, int item)
    {
        if (Room <= 0) return false;
        list.Add(item);
        return true;
    }
}
