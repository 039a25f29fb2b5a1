namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>Item ids to keys and back. One writer (the applier), wait-free readers. Keys count up from 0 in the order of first appearance.</summary>
public sealed class ItemKeys
{
    /// <summary>Keys given so far: 0..Count-1.</summary>
    public int Count => throw new NotImplementedException();

    /// <summary>The key of an item, given now if it has none. Writer only.</summary>
    public ItemKey GetOrAdd(string itemId) => throw new NotImplementedException();

    /// <summary>Finds an item's key.</summary>
    public bool TryGet(string itemId, out ItemKey key) => throw new NotImplementedException();

    /// <summary>The id of a key.</summary>
    public string IdOf(ItemKey key) => throw new NotImplementedException();
}
