using EmbeddingGrpc.Server.Catalog;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Models.IndexCare;

/// <summary>
/// Brings what the catalogue says of deleted items into a generation's graphs. Answers do not wait for it, they leave deleted items out anyway; but a
/// walk through thousands of them is a slow one, and a graph full of them is to be built anew. One thread.
/// </summary>
internal sealed class TombstoneSync(Generation generation, DeletedItems deleted)
{
    private readonly HashSet<int> _applied = [];
    private long _version = -1;
    private int _rows;

    /// <summary>Takes over what changed since the last time.</summary>
    /// <param name="keys">Keys there are.</param>
    /// <param name="cancellationToken">Checked between items.</param>
    /// <returns>Items taken out or put back.</returns>
    public int Run(int keys, CancellationToken cancellationToken)
    {
        var changed = 0;
        var version = deleted.Changes;
        if (version != _version)
        {
            for (var key = 0; key < keys; key++)
            {
                if (deleted.Contains(new ItemKey(key)) == _applied.Contains(key)) continue;
                cancellationToken.ThrowIfCancellationRequested();
                if (Apply(new ItemKey(key))) changed++;
            }

            _version = version;
        }

        // An item may get vectors, or better ones, while it is deleted.
        for (var rows = generation.OverlayRows; _rows < rows; _rows++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (generation.TryGetKey(generation.ItemOfOverlayRow(_rows), out var key) && deleted.Contains(key) && Apply(key)) changed++;
        }

        return changed;
    }

    private bool Apply(ItemKey key)
    {
        // An item that gets its vectors later comes by as a new row.
        if (!generation.TryGetOrdinal(key, out var item)) return false;
        var isDeleted = deleted.Contains(key);
        generation.SimilarIndex.SetAnswerable(item, !isDeleted);
        if (generation.Info.PredictsNext) generation.NextIndex.SetAnswerable(item, !isDeleted);
        return isDeleted ? _applied.Add(key.Value) : _applied.Remove(key.Value);
    }
}
