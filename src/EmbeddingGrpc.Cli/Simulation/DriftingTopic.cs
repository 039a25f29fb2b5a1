namespace EmbeddingGrpc.Cli.Simulation;

/// <summary>
/// The things of one kind that are on offer: by popularity, and in a ring that says what tends to follow what. New ones come in at any rank and
/// at any place of the ring; the least popular one leaves.
/// </summary>
/// <param name="name">Begins every id.</param>
/// <param name="size">How many are on offer.</param>
internal sealed class DriftingTopic(string name, int size)
{
    // An item is followed by one of this many, the nearer the likelier.
    private const int Followers = 6;

    private static readonly ZipfSampler FollowerSampler = new(Followers, 1.0);

    private readonly List<int> _byRank = [.. Enumerable.Range(1, size)];
    private readonly List<int> _ring = [.. Enumerable.Range(1, size)];
    private int _newest = size;

    /// <summary>What is on offer, the most popular first.</summary>
    public IReadOnlyList<int> Items => _byRank;

    /// <summary>The id of a thing.</summary>
    public string IdOf(int item) => $"{name}-{item:000}";

    /// <summary>Draws by popularity.</summary>
    public int Draw(ZipfSampler popularity, Random random) => _byRank[popularity.Draw(random)];

    /// <summary>Draws what follows a thing; one that has left is followed by anything.</summary>
    public int Follow(int item, Random random)
    {
        var place = Math.Max(0, _ring.IndexOf(item));
        return _ring[(place + 1 + FollowerSampler.Draw(random)) % _ring.Count];
    }

    /// <summary>Something new comes, and the least popular thing leaves.</summary>
    /// <returns>What is new.</returns>
    public int Renew(Random random)
    {
        var leaving = _byRank[^1];
        _byRank.RemoveAt(_byRank.Count - 1);
        _ring.Remove(leaving);
        _newest++;
        _byRank.Insert(random.Next(_byRank.Count + 1), _newest);
        _ring.Insert(random.Next(_ring.Count + 1), _newest);
        return _newest;
    }
}
