using System.Collections.Concurrent;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Tests.Models;

public sealed class GenerationStoreTests
{
    [Fact]
    public void TryLease_NothingPublished_ReturnsFalse()
    {
        using var store = new GenerationStore();

        Assert.False(store.TryLease(out var lease));

        Assert.Null(store.Serving);
        Assert.Throws<InvalidOperationException>(() => lease.Generation);
    }

    [Fact]
    public void Publish_Generation_IsLeasedAndTold()
    {
        using var store = new GenerationStore();
        var told = new List<GenerationInfo>();
        store.Published += told.Add;
        var (generation, _) = Tracked(number: 7);

        store.Publish(generation);

        Assert.True(store.TryLease(out var lease));
        using (lease) Assert.Same(generation, lease.Generation);
        Assert.Equal(generation.Info, store.Serving);
        Assert.Equal([generation.Info], told);
        Assert.Equal(7, store.Serving!.Number);
    }

    [Fact]
    public void Publish_Replacing_FreesTheOldOneOnlyAfterItsLastLease()
    {
        using var store = new GenerationStore();
        var (old, oldIndex) = Tracked(number: 1);
        var (fresh, freshIndex) = Tracked(number: 2);
        store.Publish(old);
        Assert.True(store.TryLease(out var first));
        Assert.True(store.TryLease(out var second));

        store.Publish(fresh);
        first.Dispose();
        Assert.Equal(0, oldIndex.Disposals);
        second.Dispose();

        Assert.Equal(1, oldIndex.Disposals);
        Assert.True(old.IsFreed);
        Assert.Throws<ObjectDisposedException>(() => old.Input[new(0)].Length);
        Assert.Equal(0, freshIndex.Disposals);
    }

    [Fact]
    public void Publish_ReplacingWithoutLeases_FreesAtOnce()
    {
        using var store = new GenerationStore();
        var (old, oldIndex) = Tracked(number: 1);
        store.Publish(old);

        store.Publish(Tracked(number: 2).Generation);

        Assert.Equal(1, oldIndex.Disposals);
    }

    [Fact]
    public void TryAcquire_FreedGeneration_NeverComesBack()
    {
        using var store = new GenerationStore();
        var (generation, index) = Tracked(number: 1);
        store.Publish(generation);
        store.Dispose();

        for (var attempt = 0; attempt < 1000; attempt++) Assert.False(generation.TryAcquire());

        Assert.Equal(1, index.Disposals);
        Assert.False(store.TryLease(out _));
    }

    [Fact]
    public void Dispose_LeaseEndedTwice_Throws()
    {
        var store = new GenerationStore();
        store.Publish(Tracked(number: 1).Generation);
        store.TryLease(out var lease);
        store.Dispose();
        lease.Dispose();

        Assert.Throws<InvalidOperationException>(lease.Dispose);
    }

    [Fact]
    public void TryLease_WhileGenerationsAreSwapped_NeverLeasesFreedMemory()
    {
        const int Swaps = 300;
        using var store = new GenerationStore();
        var indexes = new ConcurrentDictionary<long, TrackedIndex>();
        var violations = 0;
        var leases = 0L;
        using var stop = new CancellationTokenSource();
        Publish(0);
        var readers = Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                if (!store.TryLease(out var lease)) continue;
                using (lease)
                {
                    // Touches native memory, which throws once freed.
                    if (lease.Generation.IsFreed || indexes[lease.Generation.Number].Disposals != 0 || !float.IsFinite(lease.Generation.Input[new(0)][0]))
                    {
                        Interlocked.Increment(ref violations);
                    }
                }

                Interlocked.Increment(ref leases);
            }
        })).ToList();
        readers.ForEach(reader => reader.Start());

        for (var swap = 1; swap <= Swaps || Interlocked.Read(ref leases) < 3000; swap++) Publish(swap);
        stop.Cancel();
        readers.ForEach(reader => reader.Join());
        store.Dispose();

        Assert.Equal(0, violations);
        Assert.All(indexes.Values, index => Assert.Equal(1, index.Disposals));

        void Publish(int swap)
        {
            var (generation, index) = Tracked(swap + 1);
            indexes[generation.Number] = index;
            store.Publish(generation);
        }
    }

    private static (Generation Generation, TrackedIndex Similar) Tracked(long number)
    {
        var parts = TestGenerations.Parts(items: 2, dimension: 2, number: number);
        return (new Generation(parts, new ItemKeys()), (TrackedIndex)parts.Similar);
    }
}
