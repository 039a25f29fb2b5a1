using EmbeddingGrpc.Server.Catalog.Columns;

namespace EmbeddingGrpc.Server.Catalog.Filters;

/// <summary>A filter that fits a catalogue and a generation, to be asked for one request. Any number of threads; sees the attributes as they change.</summary>
internal abstract class CompiledFilter
{
    /// <summary>Whether it holds for an item.</summary>
    public abstract bool Accepts(in FilteredItem item);

    /// <summary>Lists all items that it may hold for, and perhaps others: where they are few it need not be asked about each item there is.</summary>
    /// <param name="items">Receives them, some perhaps more than once.</param>
    /// <returns>False where there are more than fit, or only asking tells; what was added says nothing then.</returns>
    public virtual bool TryList(FewItems items) => false;
}
