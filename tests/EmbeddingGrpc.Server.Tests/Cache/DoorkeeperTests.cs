using EmbeddingGrpc.Server.Cache;
using Microsoft.Extensions.Time.Testing;

namespace EmbeddingGrpc.Server.Tests.Cache;

public sealed class DoorkeeperTests
{
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Note_Again_IsKnown()
    {
        var doorkeeper = new Doorkeeper(Memory, _time);
        var hashes = Hashes(1000, seed: 1);

        Assert.All(hashes, hash => Assert.False(doorkeeper.Note(hash)));
        // A few fell on each other's places.
        Assert.InRange(hashes.Count(doorkeeper.Note), 970, 1000);
    }

    [Fact]
    public void Note_MoreThanItHasPlaces_KnowsTheNewest()
    {
        var doorkeeper = new Doorkeeper(Memory, _time);
        foreach (var hash in Hashes(1_000_000, seed: 2)) doorkeeper.Note(hash);
        var newest = Hashes(1000, seed: 3);
        foreach (var hash in newest) doorkeeper.Note(hash);

        Assert.InRange(newest.Count(doorkeeper.Note), 970, 1000);
        Assert.InRange(Hashes(1000, seed: 4).Count(doorkeeper.Note), 0, 5);
    }

    [Fact]
    public void Note_AgainAfterTwiceItsMemory_IsNotKnownAndThenIs()
    {
        var doorkeeper = new Doorkeeper(Memory, _time);
        var hash = Hashes(1, seed: 5)[0];
        doorkeeper.Note(hash);
        _time.Advance(Memory);
        Assert.True(doorkeeper.Note(hash));

        _time.Advance(2 * Memory);
        Assert.False(doorkeeper.Note(hash));
        Assert.True(doorkeeper.Note(hash));
    }

    private static List<UInt128> Hashes(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => new UInt128((ulong)random.NextInt64(), (ulong)random.NextInt64()))];
    }
}
