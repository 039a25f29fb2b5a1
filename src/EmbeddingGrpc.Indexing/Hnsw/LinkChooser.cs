using EmbeddingGrpc.Indexing.Kernels;
using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Indexing.Quantization;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>Chooses a node's links after a walk and links its neighbours back to it. Holds the working memory of one thread.</summary>
internal sealed unsafe class LinkChooser<TKeys>
    where TKeys : struct, IWalkKeys
{
    private readonly Codec _codec;
    private readonly CodeRows _codes;
    private readonly int _newLinks;
    private readonly uint[] _candidates;
    private readonly float[] _distances;
    private readonly uint[] _selected;
    private readonly long[] _entries;
    private readonly uint[][] _chosen = new uint[LevelDraw.MaxLevel + 1][];
    private readonly int[] _chosenCounts = new int[LevelDraw.MaxLevel + 1];

    /// <summary>Allocates for one thread.</summary>
    /// <param name="codec">How rows became codes.</param>
    /// <param name="codes">The items' codes.</param>
    /// <param name="newLinks">Links of a new node, M, on every layer.</param>
    /// <param name="poolSize">Largest pool that links are chosen from.</param>
    public LinkChooser(Codec codec, CodeRows codes, int newLinks, int poolSize)
    {
        _codec = codec;
        _codes = codes;
        _newLinks = newLinks;
        var most = Math.Max(CandidatePool.Rounded(poolSize), (2 * newLinks) + 1);
        _candidates = new uint[most];
        _distances = new float[most];
        // The heuristic compares four at a time and fills up the last group.
        _selected = new uint[(2 * newLinks) + 4];
        _entries = new long[(2 * newLinks) + 4];
        for (var i = 0; i < _chosen.Length; i++) _chosen[i] = new uint[newLinks + 4];
    }

    /// <summary>The links chosen for the node's place on a layer.</summary>
    public ReadOnlySpan<uint> Chosen(int level) => _chosen[level].AsSpan(0, _chosenCounts[level]);

    /// <summary>Chooses the links of a new node on one layer among what a walk found.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="pool">What was found.</param>
    /// <param name="query">The new node's row as the query of that walk.</param>
    /// <param name="halfNorm">Half the squared norm of that row.</param>
    /// <param name="scratch">Of the calling thread.</param>
    public void Choose(GraphLayer layer, in CandidatePool pool, in QueryCode query, float halfNorm, SearchScratch scratch)
    {
        for (var i = 0; i < pool.Count; i++)
        {
            _candidates[i] = (uint)pool.NodeAt(i);
            _distances[i] = TKeys.Distance(pool.KeyAt(i), query) + halfNorm;
        }
        _chosenCounts[layer.Level] = NeighborSelection<TKeys>.Select(
            _codec, _codes, layer, _candidates.AsSpan(0, pool.Count), _distances, _chosen[layer.Level], _newLinks, scratch.OtherCodes);
    }

    /// <summary>Links a node to a new one; a node that has no room chooses anew among all. The caller holds the node's lock.</summary>
    public void LinkBack(GraphLayer layer, int node, int added, SearchScratch scratch)
    {
        if (GraphLinks.TryAdd(layer, node, added)) return;

        var row = _codes.Row(layer.ItemOf(node));
        var query = _codec.CodesAsQuery(row, scratch.OtherCodes);
        var links = new ReadOnlySpan<uint>(layer.LinksOf(node), layer.Degree);
        links.CopyTo(_candidates);
        _candidates[links.Length] = (uint)added;
        var count = links.Length + 1;
        for (var i = 0; i < count; i++) CodeKernels.Prefetch(_codes.Row(layer.ItemOf((int)_candidates[i])), _codes.Stride);
        for (var i = 0; i < count; i++)
        {
            _entries[i] = CandidatePool.Entry(GraphWalk<TKeys>.KeyOf(layer, _codes, query, (int)_candidates[i]), (int)_candidates[i]);
        }
        _entries.AsSpan(0, count).Sort();
        var halfNorm = _codec.HalfSquaredNorm(row);
        for (var i = 0; i < count; i++)
        {
            _candidates[i] = (uint)CandidatePool.NodeOf(_entries[i]);
            _distances[i] = TKeys.Distance(CandidatePool.KeyOf(_entries[i]), query) + halfNorm;
        }
        var kept = NeighborSelection<TKeys>.Select(
            _codec, _codes, layer, _candidates.AsSpan(0, count), _distances, _selected, layer.Degree, scratch.OtherCodes);
        GraphLinks.Replace(layer, node, _selected.AsSpan(0, kept));
    }
}
