using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Models.FoldIn;

/// <summary>What is known of an item that a generation was not trained on. One thread.</summary>
internal sealed class FoldInItem(ItemKey key)
{
    // What more contexts would change, the next training does better.
    private const int MostContexts = 128;

    private readonly List<FoldInContext> _contexts = [];
    private int _nextPlace;

    /// <summary>An item of which something was known before; it waits for its contexts and for vectors.</summary>
    /// <param name="key">The item.</param>
    /// <param name="count">Interactions with it.</param>
    /// <param name="contextsSeen">Contexts seen.</param>
    public FoldInItem(ItemKey key, long count, long contextsSeen)
        : this(key) => (Count, ContextsSeen, IsKept) = (count, contextsSeen, true);

    /// <summary>The item.</summary>
    public ItemKey Key { get; } = key;

    /// <summary>Interactions with it.</summary>
    public long Count { get; set; }

    /// <summary>Contexts seen, those that were forgotten since included.</summary>
    public long ContextsSeen { get; private set; }

    /// <summary>Contexts at which it gets better vectors again: 1, 3, 10, 30, 100, ...</summary>
    public long RefineAt { get; private set; } = 1;

    /// <summary>Whether it has vectors.</summary>
    public bool IsFolded { get; private set; }

    /// <summary>Whether it waits for the contexts that were kept of it, and gets vectors with those.</summary>
    public bool IsKept { get; set; }

    /// <summary>Its place among those that wait for vectors; in no list where it does not, null where it never did.</summary>
    public LinkedListNode<FoldInItem>? Waits { get; set; }

    /// <summary>The newest contexts.</summary>
    public IReadOnlyList<FoldInContext> Contexts => _contexts;

    /// <summary>Adds a context; the oldest is forgotten where there are too many.</summary>
    /// <returns>Whether it is time for better vectors.</returns>
    public bool Add(FoldInContext context)
    {
        ContextsSeen++;
        if (_contexts.Count < MostContexts)
        {
            _contexts.Add(context);
        }
        else
        {
            _contexts[_nextPlace] = context;
            _nextPlace = (_nextPlace + 1) % MostContexts;
        }

        return ContextsSeen >= RefineAt;
    }

    /// <summary>Adds a context that was counted before, unless newer ones took its place.</summary>
    public void AddKept(FoldInContext context)
    {
        if (_contexts.Count < MostContexts) _contexts.Add(context);
    }

    /// <summary>It has got vectors from what is known now.</summary>
    public void Folded()
    {
        IsFolded = true;
        while (RefineAt <= ContextsSeen) RefineAt = NextAfter(RefineAt);
    }

    // 1, 3, 10, 30, 100, 300, ...
    private static long NextAfter(long count)
    {
        var power = 1L;
        while (power * 10 <= count) power *= 10;
        return count == power ? 3 * power : 10 * power;
    }
}
