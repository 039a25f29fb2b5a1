using System.Collections.Concurrent;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Catalog;

/// <summary>
/// The type of each attribute name: that of its first use, for good, so that a filter means the same for every item. Any number of threads.
/// </summary>
public sealed class AttributeSchema
{
    private readonly Lock _reserving = new();
    private readonly ConcurrentDictionary<string, AttributeType> _types = new(StringComparer.Ordinal);

    /// <summary>Name to type.</summary>
    public IReadOnlyDictionary<string, AttributeType> Types => _types;

    /// <summary>
    /// Checks the attributes of one call against the types, and fixes the types of new names before the call's records are written, so that
    /// of two calls with the same new name one is first.
    /// </summary>
    /// <remarks>A type that was fixed stays so if the records then cannot be written: the caller will try again with the same.</remarks>
    /// <returns>What does not fit; then nothing was fixed.</returns>
    internal IReadOnlyList<Violation> Reserve(IReadOnlyList<CatalogItem> items)
    {
        lock (_reserving)
        {
            var violations = new List<Violation>();
            var fresh = new Dictionary<string, AttributeType>(StringComparer.Ordinal);
            for (var at = 0; at < items.Count; at++)
            {
                foreach (var (name, value) in items[at].Attributes)
                {
                    if (!_types.TryGetValue(name, out var type) && fresh.TryAdd(name, value.Type)) continue;
                    if (fresh.TryGetValue(name, out var earlier)) type = earlier;
                    if (value.Type != type) violations.Add(new Violation(CatalogRules.FieldOf(at, name), WrongType(name, value.Type, type)));
                }
            }

            if (_types.Count + fresh.Count > CatalogRules.MaximumNames)
            {
                violations.Add(new Violation("items", $"bring {fresh.Count} new attribute names to the {_types.Count} there are; a model has at most {CatalogRules.MaximumNames}"));
            }

            if (violations.Count == 0)
            {
                foreach (var (name, type) in fresh) _types[name] = type;
            }

            return violations.Count <= CatalogRules.MostViolations ? violations : violations[..CatalogRules.MostViolations];
        }
    }

    /// <summary>Learns the types of attributes that are in the log.</summary>
    internal void Learn(IReadOnlyDictionary<string, AttributeValue> attributes)
    {
        foreach (var (name, value) in attributes) _types.TryAdd(name, value.Type);
    }

    /// <summary>Restores a type from a checkpoint.</summary>
    internal void Restore(string name, AttributeType type) => _types[name] = type;

    private static string WrongType(string name, AttributeType given, AttributeType fixedType) =>
        $"is a {AttributeTypeNames.Of(given)}; '{name}' is a {AttributeTypeNames.Of(fixedType)} since its first use, for every item";
}
