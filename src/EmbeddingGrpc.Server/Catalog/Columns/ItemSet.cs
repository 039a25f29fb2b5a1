using System.Numerics;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Catalog.Columns;

/// <summary>A set of items: a sorted array while they are few, then a bitmap. One writer, wait-free readers.</summary>
/// <remarks>
/// Most texts of a set belong to few items, where a bitmap over all keys would cost kilobytes for each. An array turns into a bitmap when that
/// takes about 8 bytes an item, and stays one.
/// </remarks>
internal sealed class ItemSet
{
    private const int AlwaysFew = 1024;
    private const int KeysForEachOfMany = 64;
    private const int BitsOfWord = 64;

    // Replaced as a whole by the writer. Once there is a bitmap, it stays as it is for readers who looked just before.
    private int[] _few = [];
    private ChunkedValues<ulong>? _many;
    private int _count;

    /// <summary>Items in it.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Memory held, in bytes.</summary>
    public long SizeBytes => (Volatile.Read(ref _many)?.SizeBytes ?? 0) + ((long)Volatile.Read(ref _few).Length * sizeof(int));

    /// <summary>Whether an item is in it; never one without a key, which has a negative one.</summary>
    public bool Contains(ItemKey item) => Volatile.Read(ref _many) is { } words
        ? item.Value >= 0 && (words[item.Value / BitsOfWord] & BitOf(item.Value)) != 0
        : Array.BinarySearch(Volatile.Read(ref _few), item.Value) >= 0;

    /// <summary>Lists the items in it; false where they do not fit.</summary>
    public bool TryList(FewItems items)
    {
        if (Count > items.Room) return false;
        if (Volatile.Read(ref _many) is { } words) return words.Visit(new AnyBit(items));
        foreach (var key in Volatile.Read(ref _few))
            if (!items.TryAdd(new ItemKey(key)))
                return false;
        return true;
    }

    /// <summary>Adds an item; false if it was there. Writer only.</summary>
    public bool Add(ItemKey item)
    {
        if (Contains(item)) return false;
        if (_many is null && _count >= AlwaysFew && _count >= Math.Max(item.Value, _few[^1]) / KeysForEachOfMany) BeginBitmap();
        if (_many is { } words) SetBit(words, item.Value, true);
        else Volatile.Write(ref _few, Inserted(_few, item.Value));
        Volatile.Write(ref _count, _count + 1);
        return true;
    }

    /// <summary>Removes an item; false if it was not there. Writer only.</summary>
    public bool Remove(ItemKey item)
    {
        if (!Contains(item)) return false;
        if (_many is { } words) SetBit(words, item.Value, false);
        else Volatile.Write(ref _few, Array.FindAll(_few, key => key != item.Value));
        Volatile.Write(ref _count, _count - 1);
        return true;
    }

    private static ulong BitOf(int key) => 1UL << (key % BitsOfWord);

    private static void SetBit(ChunkedValues<ulong> words, int key, bool value)
    {
        var word = words[key / BitsOfWord];
        words.Set(key / BitsOfWord, value ? word | BitOf(key) : word & ~BitOf(key));
    }

    private static int[] Inserted(int[] keys, int key)
    {
        var place = ~Array.BinarySearch(keys, key);
        var longer = new int[keys.Length + 1];
        keys.AsSpan(0, place).CopyTo(longer);
        longer[place] = key;
        keys.AsSpan(place).CopyTo(longer.AsSpan(place + 1));
        return longer;
    }

    private void BeginBitmap()
    {
        var words = new ChunkedValues<ulong>(absent: 0);
        foreach (var key in _few) SetBit(words, key, true);
        Volatile.Write(ref _many, words);
    }

    /// <summary>Adds the items of each word of the bitmap.</summary>
    private readonly struct AnyBit(FewItems items) : IValueVisitor<ulong>
    {
        public bool Visit(int index, ulong word)
        {
            for (; word != 0; word &= word - 1)
                if (!items.TryAdd(new ItemKey((index * BitsOfWord) + BitOperations.TrailingZeroCount(word))))
                    return false;
            return true;
        }
    }
}
