using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EmbeddingGrpc.Server.Pipeline.Checkpoints;

/// <summary>Reads what the sections of a checkpoint have that are not pages. Stateless.</summary>
internal static class CheckpointSections
{
    // Taken at once.
    private const int TalliesAtOnce = 1024;

    /// <summary>
    /// Reads the users of a version before 6, behind the count that versions 4 and 5 have:
    /// <code>count i32 (of about so many) · { id length u16 (0 ends them) · events u16 · version i64 · id · events of 16 bytes }</code>
    /// </summary>
    public static void ReadUsers(CheckpointInput input, UserHistories histories)
    {
        for (var length = input.Read<ushort>(); length > 0; length = input.Read<ushort>())
        {
            var count = input.Read<ushort>();
            var version = input.Read<long>();
            var user = input.Take(length + (count * Unsafe.SizeOf<StoredEvent>()));
            histories.Restore(user[..length], MemoryMarshal.Cast<byte, StoredEvent>(user[length..]), version);
        }

        histories.EndRestore();
    }

    /// <returns>How many there are.</returns>
    public static int ReadItems(CheckpointInput input, ItemKeys keys)
    {
        var count = input.Read<int>();
        keys.Reserve(count);
        var slots = new ulong[count];
        for (var item = 0; item < count; item++) slots[item] = keys.Restore(input.Take(input.Read<ushort>()));
        return keys.EndRestore(slots) ? count : throw new CheckpointCorruptException("it names an item twice");
    }

    public static void ReadCounters(CheckpointInput input, ItemCounters counters, int items)
    {
        var halfLifeMs = input.Read<double>();
        var (landmark, clock) = (input.Read<long>(), input.Read<long>());
        // With another half-life, what was counted is taken as if it had all happened at the clock, with the weight that it has by then.
        var sameUnits = halfLifeMs.Equals(counters.HalfLife.TotalMilliseconds);
        var factor = sameUnits ? 1 : double.Exp2((landmark - clock) / halfLifeMs);
        for (var first = 0; first < items; first += TalliesAtOnce)
        {
            var tallies = MemoryMarshal.Cast<byte, ItemTally>(input.Take(Math.Min(TalliesAtOnce, items - first) * Unsafe.SizeOf<ItemTally>()));
            // Items that only the catalogue knows: nothing was ever counted.
            if (landmark != CheckpointFormat.Unset) counters.Restore(sameUnits ? landmark : clock, clock, first, tallies, factor);
        }
    }
}
