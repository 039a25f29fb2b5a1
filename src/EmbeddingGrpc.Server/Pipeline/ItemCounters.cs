using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>
/// How much of each type of interaction each item has had lately: sums of weights that halve with every half-life of the model clock. One
/// writer (the applier), wait-free readers. 64 bytes an item.
/// </summary>
/// <remarks>
/// Forward decay (Cormode et al., ICDE 2009): an interaction at time t adds weight · 2^((t - landmark) / half-life), so nothing that was
/// counted before needs touching as time passes, late interactions weigh what they would have, and items compare without decaying each. The
/// landmark moves, and everything is scaled once, before the powers leave the range of a double.
/// </remarks>
public sealed class ItemCounters
{
    private const int ChunkBits = 12;
    private const int ChunkSize = 1 << ChunkBits;

    // Twice as far down, a double is still exact: an item may lag that many half-lives behind before it counts as nothing.
    private const double MaximumExponent = 500;

    private readonly double _halfLifeMs;
    private Tallies _tallies = new(null, []);
    private long _clockMs = long.MinValue;

    // The writer's: what an interaction of weight 1 at this time counts.
    private long _factorMs = long.MinValue;
    private double _factor;

    /// <summary>Starts with nothing counted.</summary>
    /// <param name="halfLife">Model time after which an interaction counts half.</param>
    public ItemCounters(TimeSpan halfLife)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(halfLife, TimeSpan.Zero);
        (HalfLife, _halfLifeMs) = (halfLife, halfLife.TotalMilliseconds);
    }

    /// <summary>Model time after which an interaction counts half.</summary>
    public TimeSpan HalfLife { get; }

    /// <summary>The model clock: the highest event time applied, in milliseconds since the Unix epoch; null before the first.</summary>
    public long? ClockMs => Volatile.Read(ref _clockMs) is var clock && clock == long.MinValue ? null : clock;

    /// <summary>Memory held, in bytes.</summary>
    public long SizeBytes => (long)Volatile.Read(ref _tallies).Chunks.Length * ChunkSize * 64;

    /// <summary>The weight of a type that an item has had, as of the model clock.</summary>
    /// <remarks>The clock is read last: a reader that is held up in between sees too little of what came meanwhile, never too much.</remarks>
    public double WeightOf(ItemKey item, InteractionType type)
    {
        var tallies = Volatile.Read(ref _tallies);
        return tallies.TryRead(item.Value, out var tally) ? tally.ByType[InteractionTypes.IndexOf(type)] * Scale(tallies) : 0;
    }

    /// <summary>The weights of many items, all as of the model clock as it is now.</summary>
    internal CounterReading Read()
    {
        var tallies = Volatile.Read(ref _tallies);
        return new CounterReading(tallies, Scale(tallies));
    }

    /// <summary>Counts an interaction, unless one at or after its offset was counted for the item: then it was there before. Writer only.</summary>
    public void Apply(in HistoryEvent interaction, LogOffset offset)
    {
        if (interaction.EventTimeMs > _clockMs) Volatile.Write(ref _clockMs, interaction.EventTimeMs);
        var factor = FactorAt(interaction.EventTimeMs);
        ref var tally = ref TallyOf(interaction.Item.Value);
        if (tally.Version > offset.Value) return;
        Volatile.Write(ref tally.Version, ~(offset.Value + 1));
        Volatile.WriteBarrier();
        tally.ByType[InteractionTypes.IndexOf(interaction.Type)] += interaction.Weight * factor;
        Volatile.Write(ref tally.Version, offset.Value + 1);
    }

    /// <summary>The items with most weight of a type, best first; those with none are left out. Reads all counters: a few milliseconds a million items.</summary>
    /// <param name="type">The type.</param>
    /// <param name="count">How many at most.</param>
    public IReadOnlyList<PopularItem> Top(InteractionType type, int count)
    {
        Span<double> byType = stackalloc double[InteractionTypes.Count];
        byType.Clear();
        byType[InteractionTypes.IndexOf(type)] = 1;
        return Top(byType, count);
    }

    /// <summary>The items with most weight of all types, likewise.</summary>
    /// <param name="byType">What each type counts, by <see cref="InteractionTypes.IndexOf"/>.</param>
    /// <param name="count">How many at most.</param>
    internal IReadOnlyList<PopularItem> Top(ReadOnlySpan<double> byType, int count)
    {
        var tallies = Volatile.Read(ref _tallies);
        var best = new PriorityQueue<int, double>(count);
        for (var item = 0; item < tallies.Chunks.Length << ChunkBits; item++)
        {
            var weight = tallies.Peek(item, byType);
            if (!(weight > 0)) continue;
            if (best.Count < count) best.Enqueue(item, weight);
            else if (best.TryPeek(out _, out var least) && weight > least) best.EnqueueDequeue(item, weight);
        }

        var scale = Scale(tallies);
        var top = new PopularItem[best.Count];
        for (var i = top.Length - 1; best.TryDequeue(out var item, out var weight); i--) top[i] = new PopularItem(new ItemKey(item), weight * scale);
        return top;
    }

    /// <summary>What a checkpoint keeps: the counters as they are now, each consistent in itself.</summary>
    internal Tallies Snapshot() => Volatile.Read(ref _tallies);

    /// <summary>Puts back what a checkpoint kept. Before the first <see cref="Apply"/> only.</summary>
    /// <param name="landmarkMs">The landmark of the units from now on.</param>
    /// <param name="clockMs">The model clock.</param>
    /// <param name="first">The item that the first of the tallies is of; the others are of those behind it.</param>
    /// <param name="tallies">What was counted.</param>
    /// <param name="factor">What brings them to those units.</param>
    internal void Restore(long landmarkMs, long clockMs, int first, ReadOnlySpan<ItemTally> tallies, double factor)
    {
        if (_tallies.LandmarkMs is null) _tallies = new Tallies(landmarkMs, _tallies.Chunks);
        _clockMs = Math.Max(_clockMs, clockMs);
        for (var i = 0; i < tallies.Length; i++)
        {
            ref var tally = ref TallyOf(first + i);
            tally = tallies[i];
            if (factor != 1) tally.Scale(factor);
        }
    }

    /// <summary>Says that an interaction with an item will be counted soon. Writer only.</summary>
    internal void WillApply(ItemKey item)
    {
        var chunk = item.Value >> ChunkBits;
        if (chunk < _tallies.Chunks.Length) CacheHint.WillRead(in _tallies.Chunks[chunk][item.Value & (ChunkSize - 1)].Version);
    }

    // Interactions come nearly in order of time: the one before had the same millisecond often enough to be worth a comparison.
    private double FactorAt(long timeMs)
    {
        if (timeMs != _factorMs) (_factorMs, _factor) = (timeMs, double.Exp2(ExponentOf(timeMs)));
        return _factor;
    }

    private double ExponentOf(long timeMs)
    {
        if (_tallies.LandmarkMs is not { } landmark)
        {
            Volatile.Write(ref _tallies, new Tallies(timeMs, _tallies.Chunks));
            return 0;
        }

        var exponent = (timeMs - landmark) / _halfLifeMs;
        if (exponent <= MaximumExponent) return exponent;
        Volatile.Write(ref _tallies, _tallies.MovedTo(timeMs, double.Exp2(-exponent)));
        return 0;
    }

    private ref ItemTally TallyOf(int item)
    {
        var chunk = item >> ChunkBits;
        while (chunk >= _tallies.Chunks.Length)
            Volatile.Write(ref _tallies, new Tallies(_tallies.LandmarkMs, [.. _tallies.Chunks, Chunk.New<ItemTally>(ChunkSize, _tallies.Chunks.Length)]));
        return ref _tallies.Chunks[chunk][item & (ChunkSize - 1)];
    }

    private double Scale(Tallies tallies) =>
        tallies.LandmarkMs is { } landmark && ClockMs is { } clock ? double.Exp2((landmark - clock) / _halfLifeMs) : 0;

    /// <summary>Counters in units of one landmark. The writer goes on changing them until it moves the landmark and leaves them behind.</summary>
    internal sealed class Tallies(long? landmarkMs, ItemTally[][] chunks)
    {
        public long? LandmarkMs => landmarkMs;

        public ItemTally[][] Chunks => chunks;

        /// <summary>A counter will be read soon. Any thread: a hint.</summary>
        public void WillRead(int item)
        {
            if ((uint)item >> ChunkBits < (uint)chunks.Length) CacheHint.WillRead(in chunks[item >> ChunkBits][item & (ChunkSize - 1)].Version);
        }

        public double Peek(int item, ReadOnlySpan<double> byType) => chunks[item >> ChunkBits][item & (ChunkSize - 1)].Sum(byType);

        /// <summary>Reads a counter whole.</summary>
        /// <returns>False where the item was never counted.</returns>
        public bool TryRead(int item, out ItemTally tally)
        {
            tally = default;
            if ((uint)item >> ChunkBits >= (uint)chunks.Length) return false;
            ref var source = ref chunks[item >> ChunkBits][item & (ChunkSize - 1)];
            for (var spin = default(SpinWait); ; spin.SpinOnce(sleep1Threshold: -1))
            {
                var version = Volatile.Read(ref source.Version);
                if (version < 0) continue;
                tally = source;
                Volatile.ReadBarrier();
                if (Volatile.Read(ref source.Version) != version) continue;
                tally.Version = version;
                return version > 0;
            }
        }

        public Tallies MovedTo(long newLandmarkMs, double factor)
        {
            var moved = Array.ConvertAll(chunks, chunk => (ItemTally[])chunk.Clone());
            foreach (var chunk in moved)
            {
                foreach (ref var tally in chunk.AsSpan()) tally.Scale(factor);
            }

            return new Tallies(newLandmarkMs, moved);
        }
    }
}
