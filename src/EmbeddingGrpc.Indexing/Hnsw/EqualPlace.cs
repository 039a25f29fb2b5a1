using System.Runtime.InteropServices;
using EmbeddingGrpc.Indexing.Memory;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>
/// Finds a place for an item that comes after the build and equals others: below one of them that has room, with links as <see cref="EqualLinks"/> says. The
/// writer's own.
/// </summary>
/// <param name="rows">The rows.</param>
/// <param name="deleted">Items that new links shall not lead to where there are others.</param>
/// <param name="degree">Links that a node of layer 0 can have.</param>
internal sealed class EqualPlace(VectorRows rows, ItemBits deleted, int degree)
{
    private readonly uint[] _links = new uint[degree];
    private readonly List<uint> _near = [];
    private int _count;

    /// <summary>The links of the item, first that to the one it hangs on; none where it equals nothing.</summary>
    public ReadOnlySpan<uint> Links => _links.AsSpan(0, _count);

    /// <summary>Looks for a place.</summary>
    /// <param name="ground">Layer 0.</param>
    /// <param name="pool">What a walk found near to the item.</param>
    /// <param name="item">The item.</param>
    /// <returns>Whether there is an item that equals it.</returns>
    public bool Find(GraphLayer ground, in CandidatePool pool, int item)
    {
        _count = 0;
        var equal = NearestEqual(pool, item);
        if (equal < 0) return false;
        var parent = WithRoom(ground, equal, item);
        var outward = EqualLinks.Outward(degree);
        _near.Clear();
        for (var i = 0; i < pool.Count; i++) AddNear((uint)pool.NodeAt(i), item);
        // Of more equal ones than a pool holds it holds nothing else: then the item leads where its parent does.
        if (_near.Count < outward)
        {
            foreach (var link in ground.LinkSpan(parent)) AddNear(link, item);
        }
        _links[0] = (uint)parent;
        _count = 1 + EqualLinks.Share(CollectionsMarshal.AsSpan(_near), item, _links.AsSpan(1, outward));
        return true;
    }

    /// <summary>An equal item among what was found: the nearest that lives, else one that was deleted, or -1.</summary>
    private int NearestEqual(in CandidatePool pool, int item)
    {
        var equal = -1;
        for (var i = 0; i < pool.Count; i++)
        {
            var node = pool.NodeAt(i);
            if (node == item || !rows.AreEqual(node, item)) continue;
            if (!deleted.Contains(node)) return node;
            if (equal < 0) equal = node;
        }
        return equal;
    }

    /// <summary>Goes down the tree of the equal items, each time another way, to one on which fewer hang than may.</summary>
    private int WithRoom(GraphLayer ground, int equal, int item)
    {
        Span<int> below = stackalloc int[degree];
        for (var turn = item; ;)
        {
            int equals = 0, ways = 0;
            foreach (var link in ground.LinkSpan(equal))
            {
                var node = (int)link;
                if (node == item || !rows.AreEqual(node, item)) continue;
                equals++;
                // Numbers rise on the way down, so that it ends.
                if (node > equal && !deleted.Contains(node)) below[ways++] = node;
            }
            // Its parent is one of them.
            if (equals <= EqualLinks.Children(degree) || ways == 0) return equal;
            equal = below[turn % ways];
            turn /= ways;
        }
    }

    private void AddNear(uint node, int item)
    {
        if (node != (uint)item && !deleted.Contains((int)node) && !_near.Contains(node) && !rows.AreEqual((int)node, item)) _near.Add(node);
    }
}
