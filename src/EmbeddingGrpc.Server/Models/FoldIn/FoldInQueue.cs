using System.Diagnostics.CodeAnalysis;

namespace EmbeddingGrpc.Server.Models.FoldIn;

/// <summary>
/// Items that wait for vectors: those that have none, which cannot be recalled, and those that get better ones. Of both the one that was seen last comes
/// first. One thread; the counts may be read by any.
/// </summary>
/// <remarks>
/// Where fold-in gets less of a processor than it needs, something waits, in memory that is bounded: an item waits once, however much is learned of it
/// meanwhile, and there are no more of them than <see cref="FoldInOptions.MaximumItems"/>. What users meet now is found in seconds; what waits longest is what
/// nobody has met for longest. Of those that have vectors only a few wait: the one that was seen longest ago is dropped, and comes again with its next context.
/// </remarks>
/// <param name="mostBetter">Items with vectors that wait at most.</param>
internal sealed class FoldInQueue(int mostBetter)
{
    private readonly LinkedList<FoldInItem> _first = new();
    private readonly LinkedList<FoldInItem> _better = new();

    /// <summary>Items that have no vectors.</summary>
    public int First => _first.Count;

    /// <summary>Items that get better ones.</summary>
    public int Better => _better.Count;

    /// <summary>Lets an item wait. One that waits already was seen again and comes before the others of its kind.</summary>
    /// <returns>Whether another one was dropped for it.</returns>
    public bool Add(FoldInItem item)
    {
        var place = item.Waits ??= new LinkedListNode<FoldInItem>(item);
        place.List?.Remove(place);
        if (!item.IsFolded)
        {
            _first.AddFirst(place);
            return false;
        }

        _better.AddFirst(place);
        if (_better.Count <= mostBetter) return false;
        _better.RemoveLast();
        return true;
    }

    /// <summary>Takes the next one that has no vectors.</summary>
    public bool TryTakeFirst([NotNullWhen(true)] out FoldInItem? item) => TryTake(_first, out item);

    /// <summary>Takes the next one that gets better ones.</summary>
    public bool TryTakeBetter([NotNullWhen(true)] out FoldInItem? item) => TryTake(_better, out item);

    private static bool TryTake(LinkedList<FoldInItem> from, [NotNullWhen(true)] out FoldInItem? item)
    {
        item = from.First?.Value;
        if (item is not null) from.RemoveFirst();
        return item is not null;
    }
}
