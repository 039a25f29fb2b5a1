using System.Runtime.InteropServices;
using System.Text;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.Server.Catalog;

namespace EmbeddingGrpc.Server.Pipeline.Checkpoints;

/// <summary>Reads a checkpoint into an empty state. Stateless.</summary>
internal static class CheckpointReader
{
    /// <summary>Checks the whole file, then reads where it begins and ends in the log.</summary>
    /// <exception cref="CheckpointCorruptException">It cannot be used; says why.</exception>
    /// <exception cref="CheckpointVersionException">A newer version of the program wrote it.</exception>
    public static CheckpointBounds ReadBounds(IFile file)
    {
        RefuseNewer(file);
        CheckpointInput.Verify(file);
        var start = ReadStart(new CheckpointInput(file));
        Span<byte> end = stackalloc byte[sizeof(long)];
        file.Read(file.Length - CheckpointFormat.ChecksumBytes - sizeof(long), end);
        return new CheckpointBounds(start, new LogOffset(MemoryMarshal.Read<long>(end)));
    }

    /// <summary>Fills a state.</summary>
    /// <param name="file">Checked by <see cref="ReadBounds"/>.</param>
    /// <param name="state">Empty.</param>
    public static void Read(IFile file, AppliedState state)
    {
        var input = new CheckpointInput(file);
        ReadStart(input);
        ReadUsers(input, state.Histories);
        var items = ReadItems(input, state.Items);
        ReadCounters(input, state.Counters, items);
        CatalogCheckpoint.Read(input, state.Catalog);
        ReadParts(input, state.Parts);
    }

    // Before its checksum, which another version may have elsewhere. Where everything else is as it should be, it is the number that is damaged.
    private static void RefuseNewer(IFile file)
    {
        Span<byte> start = stackalloc byte[sizeof(ulong) + sizeof(uint)];
        if (file.Read(0, start) < start.Length || MemoryMarshal.Read<ulong>(start) != CheckpointFormat.Magic) return;
        var version = MemoryMarshal.Read<uint>(start[sizeof(ulong)..]);
        if (version > CheckpointFormat.Version && !CheckpointInput.IsIntact(file, CheckpointFormat.Version)) throw new CheckpointVersionException(version);
    }

    private static LogOffset ReadStart(CheckpointInput input)
    {
        if (input.Read<ulong>() != CheckpointFormat.Magic) throw new CheckpointCorruptException("it is no checkpoint");
        var version = input.Read<uint>();
        if (version != CheckpointFormat.Version) throw new CheckpointCorruptException($"its format is version {version}, known is {CheckpointFormat.Version}");
        return new LogOffset(input.Read<long>());
    }

    private static void ReadUsers(CheckpointInput input, UserHistories histories)
    {
        Span<byte> id = stackalloc byte[ushort.MaxValue + 1];
        var events = new StoredEvent[ushort.MaxValue];
        for (var length = input.Read<ushort>(); length > 0; length = input.Read<ushort>())
        {
            var history = events.AsSpan(0, input.Read<ushort>());
            var version = input.Read<long>();
            input.Read(id[..length]);
            input.Read(MemoryMarshal.AsBytes(history));
            histories.Restore(id[..length], history, version);
        }

        histories.EndRestore();
    }

    private static int ReadItems(CheckpointInput input, ItemKeys keys)
    {
        Span<byte> id = stackalloc byte[ushort.MaxValue + 1];
        var count = input.Read<int>();
        for (var item = 0; item < count; item++)
        {
            var bytes = id[..input.Read<ushort>()];
            input.Read(bytes);
            keys.GetOrAdd(Encoding.UTF8.GetString(bytes));
        }

        if (keys.Count != count) throw new CheckpointCorruptException("it names an item twice");
        return count;
    }

    private static void ReadCounters(CheckpointInput input, ItemCounters counters, int items)
    {
        var halfLifeMs = input.Read<double>();
        var (landmark, clock) = (input.Read<long>(), input.Read<long>());
        // With another half-life, what was counted is taken as if it had all happened at the clock, with the weight that it has by then.
        var sameUnits = halfLifeMs.Equals(counters.HalfLife.TotalMilliseconds);
        var factor = sameUnits ? 1 : double.Exp2((landmark - clock) / halfLifeMs);
        for (var item = 0; item < items; item++)
        {
            var tally = input.Read<ItemTally>();
            // Items that only the catalogue knows: nothing was ever counted.
            if (landmark == CheckpointFormat.Unset) continue;
            if (!sameUnits) tally.Scale(factor);
            counters.Restore(sameUnits ? landmark : clock, clock, item, tally);
        }
    }

    // Sections do not tell how long they are, so all of them must be known, in their order. Where they are not, replaying the log makes them.
    private static void ReadParts(CheckpointInput input, IReadOnlyList<IAppliedPart> parts)
    {
        var count = input.Read<byte>();
        if (count != parts.Count) throw new CheckpointCorruptException($"it has {count} further sections, and this version keeps {parts.Count}");
        Span<byte> name = stackalloc byte[byte.MaxValue];
        foreach (var part in parts)
        {
            var bytes = name[..input.Read<byte>()];
            input.Read(bytes);
            if (Encoding.UTF8.GetString(bytes) != part.Name) throw new CheckpointCorruptException($"it has a section '{Encoding.UTF8.GetString(bytes)}' where '{part.Name}' was expected");
            part.Read(input);
        }
    }
}
