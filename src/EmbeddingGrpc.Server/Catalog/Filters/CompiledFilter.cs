namespace EmbeddingGrpc.Server.Catalog.Filters;

/// <summary>A filter that fits a catalogue and a generation, to be asked for one request. Any number of threads; sees the attributes as they change.</summary>
internal abstract class CompiledFilter
{
    /// <summary>Whether it holds for an item.</summary>
    public abstract bool Accepts(in FilteredItem item);
}
