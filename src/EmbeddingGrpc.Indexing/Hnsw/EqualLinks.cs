namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>
/// The links of rows that equal a row of the graph. Only the first of them has a node like any other; the rest hang on it as a tree, and share out among
/// themselves links to what is near.
/// </summary>
/// <remarks>
/// Equal rows are at one distance from any query. A walk that comes to one takes all of them before anything farther, as many as its pool holds, and ends. If
/// they were linked as others are they would be linked to each other alone, distance zero being the least, and nothing would lead out: of 5,000 random rows
/// beside 1,002 equal ones 839 did not find themselves. So each leads to others of what is near, and those that a pool holds lead to more together than its
/// nodes would that they keep out.
/// </remarks>
internal static class EqualLinks
{
    /// <summary>Equal rows that hang on one of them.</summary>
    /// <param name="degree">Links that a node can have.</param>
    public static int Children(int degree) => Math.Max(2, degree / 4);

    /// <summary>Links of such a row to others: what its parent and its children leave.</summary>
    /// <param name="degree">Links that a node can have.</param>
    public static int Outward(int degree) => degree - 1 - Children(degree);

    /// <summary>
    /// Size of the pool of a walk for what is near to equal rows: larger the more there are to share it, as what they keep out of walks must be led to by them.
    /// With one of 200 one of six sets of 5,000 random rows beside 1,000 equal ones lost a row in each of four builds, with one of 800 none of eight sets did.
    /// </summary>
    /// <param name="efConstruction">Size of the pool for other rows.</param>
    /// <param name="wanted">Links that the rows have for what is near.</param>
    public static int PoolSize(int efConstruction, long wanted) => (int)Math.Clamp(wanted, efConstruction, 4L * efConstruction);

    /// <summary>The share that one of equal rows gets of the nodes near to them.</summary>
    /// <param name="near">The nodes, none of which is equal.</param>
    /// <param name="turn">Number of the row; successive ones get shares that follow each other, and begin anew after the last node.</param>
    /// <param name="share">Receives the share.</param>
    /// <returns>How many nodes it is.</returns>
    public static int Share(ReadOnlySpan<uint> near, int turn, Span<uint> share)
    {
        var count = Math.Min(near.Length, share.Length);
        for (var i = 0; i < count; i++) share[i] = near[(int)((((long)turn * count) + i) % near.Length)];
        return count;
    }
}
