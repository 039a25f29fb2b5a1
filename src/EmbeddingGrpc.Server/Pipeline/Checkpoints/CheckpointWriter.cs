using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.Server.Catalog;

namespace EmbeddingGrpc.Server.Pipeline.Checkpoints;

/// <summary>Writes the applied state beside the applier, which goes on. Stateless.</summary>
/// <remarks>
/// A fuzzy checkpoint (Gray and Reuter 1992, 11.5): each user and each counter is consistent in itself and says up to where it has the log,
/// but they are read at different moments. Replay from the start offset passes over what each of them has already, so what comes out is what
/// the log says. Keys and parts are written after the histories that use them, parts when they have all that the histories have.
/// </remarks>
internal static class CheckpointWriter
{
    /// <summary>Writes and syncs a checkpoint.</summary>
    /// <param name="file">Empty.</param>
    /// <param name="state">What to write.</param>
    /// <param name="applied">The applied offset, asked before and after.</param>
    /// <param name="beforeEach">Called before each user, item and counter; what it throws ends the work, and the file is then of no use.</param>
    public static CheckpointBounds Write(IFile file, AppliedState state, Func<LogOffset> applied, Action beforeEach)
    {
        var start = applied();
        var output = new CheckpointOutput(file, start);
        output.BeginSection(CheckpointFormat.Users);
        var newest = new UserPagesWriter(state.Histories, output).Write(beforeEach);
        var items = state.Items.Count;
        output.BeginSection(CheckpointFormat.Items);
        WriteItems(output, state.Items, items, beforeEach);
        output.BeginSection(CheckpointFormat.Counters);
        WriteCounters(output, state.Counters, items, beforeEach);
        output.BeginSection(CheckpointFormat.Catalogue);
        CatalogCheckpoint.Write(output, state.Catalog, state.Items, items, beforeEach);
        WriteParts(output, state.Parts, newest, applied, beforeEach);
        var end = applied();
        output.Complete(end);
        return new CheckpointBounds(start, end);
    }

    private static void WriteItems(CheckpointOutput output, ItemKeys keys, int count, Action beforeEach)
    {
        output.Write(count);
        for (var item = 0; item < count; item++)
        {
            beforeEach();
            var id = keys.Utf8IdOf(new ItemKey(item));
            output.Write((ushort)id.Length);
            output.Write(id);
        }
    }

    private static void WriteCounters(CheckpointOutput output, ItemCounters counters, int items, Action beforeEach)
    {
        var tallies = counters.Snapshot();
        output.Write(counters.HalfLife.TotalMilliseconds);
        output.Write(tallies.LandmarkMs ?? CheckpointFormat.Unset);
        output.Write(counters.ClockMs ?? CheckpointFormat.Unset);
        for (var item = 0; item < items; item++)
        {
            beforeEach();
            tallies.TryRead(item, out var tally);
            output.Write(tally);
        }
    }

    private static void WriteParts(CheckpointOutput output, IReadOnlyList<IAppliedPart> parts, LogOffset newest, Func<LogOffset> applied, Action beforeEach)
    {
        // Within some hundred interactions the histories are ahead of the parts, and a replay passes over what a history has.
        for (var spin = default(SpinWait); parts.Count > 0 && applied() < newest; spin.SpinOnce()) beforeEach();
        foreach (var part in parts)
        {
            output.BeginSection(part.Name);
            part.Write(output, beforeEach);
        }
    }
}
