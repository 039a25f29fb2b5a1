using EmbeddingGrpc.Server.Catalog;
using EmbeddingGrpc.Server.Catalog.Filters;
using EmbeddingGrpc.Server.Models;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>What may be answered whatever the query: items that were not deleted and, where the request has a filter, fit that. One thread.</summary>
internal sealed class AnswerRule
{
    private readonly Generation _generation;
    private readonly DeletedItems _deleted;
    private readonly CompiledFilter? _filter;
    private ListedItems? _listed;
    private bool _isListed;

    private AnswerRule(Generation generation, DeletedItems deleted, CompiledFilter? filter) => (_generation, _deleted, _filter) = (generation, deleted, filter);

    /// <summary>The rule of one search.</summary>
    /// <returns>Null where every item may be answered, which searches faster.</returns>
    /// <exception cref="InvalidFilterException">The filter does not fit the catalogue's attributes.</exception>
    public static AnswerRule? Of(Generation generation, ItemCatalog catalog, ItemFilter? filter)
    {
        if (filter is null && catalog.Deleted.Count == 0) return null;
        return new AnswerRule(generation, catalog.Deleted, filter is null ? null : new FilterCompiler(catalog, generation).Compile(filter));
    }

    /// <summary>Whether it leaves out what was deleted and nothing else.</summary>
    public bool IsOfDeletionsOnly => _filter is null;

    /// <summary>Where a filter leaves few items, these, some of which may still not be answered; else null.</summary>
    public ListedItems? Listed
    {
        get
        {
            if (_isListed || _filter is null) return _listed;
            _isListed = true;
            return _listed = ListedItems.Of(_filter, _generation);
        }
    }

    /// <summary>Whether an item may be answered.</summary>
    public bool Admits(CandidateId item)
    {
        var asked = item.IsInGeneration ? FilteredItem.Of(item.Ordinal, _generation) : FilteredItem.Of(item.Key);
        return !_deleted.Contains(asked.Key) && (_filter is null || _filter.Accepts(asked));
    }
}
