using System.Buffers;
using System.Globalization;
using System.Text.RegularExpressions;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Catalog;

/// <summary>What items of a catalogue may be like. Stateless.</summary>
public static partial class CatalogRules
{
    /// <summary>Items that one call changes at most.</summary>
    public const int MaximumItems = 1000;

    /// <summary>Attributes of one item at most.</summary>
    public const int MaximumAttributes = 100;

    /// <summary>Attribute names of one model at most.</summary>
    public const int MaximumNames = 1000;

    /// <summary>Longest text of an attribute, in bytes of UTF-8.</summary>
    public const int MaximumTextBytes = 4096;

    /// <summary>Longest text of a set, in bytes of UTF-8.</summary>
    public const int MaximumSetTextBytes = 256;

    /// <summary>Texts of a set at most.</summary>
    public const int MaximumSetTexts = 1000;

    /// <summary>All attributes of an item, encoded, in bytes.</summary>
    public const int MaximumAttributeBytes = 64 * 1024;

    /// <summary>Faults that a call is told at most: enough for whoever mends a feed to see the pattern.</summary>
    internal const int MostViolations = 20;

    private const int MostOfAName = 64;

    // C0 without tab, line feed and carriage return, DEL and C1.
    private static readonly SearchValues<char> Forbidden =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Concat(Enumerable.Range(0x7f, 0x21)).Select(c => (char)c).Except("\t\n\r")]);

    /// <summary>What is wrong with the items of one call; at most so many faults as help.</summary>
    public static IReadOnlyList<Violation> Check(IReadOnlyList<CatalogItem> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        if (CheckCount(items.Count, "items") is { } count) return [count];
        return [.. RepeatedIds([.. items.Select(item => item.ItemId)], "items").Concat(items.SelectMany(Check)).Take(MostViolations)];
    }

    /// <summary>What is wrong with the item ids of one call; at most so many faults as help.</summary>
    public static IReadOnlyList<Violation> CheckIds(IReadOnlyList<string> itemIds)
    {
        ArgumentNullException.ThrowIfNull(itemIds);
        if (CheckCount(itemIds.Count, "item_ids") is { } count) return [count];
        return
        [
            .. itemIds.Select((id, at) => (Wrong: IdRules.Check(id), At: at))
                .Where(found => found.Wrong is not null)
                .Select(found => new Violation($"item_ids[{found.At}]", found.Wrong!))
                .Take(MostViolations),
        ];
    }

    /// <summary>Which records are too large for an item.</summary>
    internal static IReadOnlyList<Violation> CheckSizes(IReadOnlyList<ItemUpserted> records) =>
    [
        .. records.Select((record, at) => (record.Attributes.Length, At: at))
            .Where(record => record.Length > MaximumAttributeBytes)
            .Select(record => new Violation($"items[{record.At}].attributes", $"take {record.Length} bytes; those of an item take at most {MaximumAttributeBytes}"))
            .Take(MostViolations),
    ];

    private static Violation? CheckCount(int count, string field) =>
        count is >= 1 and <= MaximumItems ? null : new Violation(field, $"has {count} items; must have 1..{MaximumItems}");

    private static IEnumerable<Violation> RepeatedIds(List<string> ids, string field)
    {
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var at = 0; at < ids.Count; at++)
        {
            if (!seen.TryAdd(ids[at], at)) yield return new Violation($"{field}[{at}].item_id", $"is that of {field}[{seen[ids[at]]}], too; each item once a call");
        }
    }

    private static IEnumerable<Violation> Check(CatalogItem item, int at)
    {
        if (IdRules.Check(item.ItemId) is { } wrong) yield return new Violation($"items[{at}].item_id", wrong);
        if (item.Attributes.Count > MaximumAttributes)
        {
            yield return new Violation($"items[{at}].attributes", $"has {item.Attributes.Count}; an item has at most {MaximumAttributes}");
            yield break;
        }

        foreach (var (name, value) in item.Attributes)
        {
            if (!Name().IsMatch(name)) yield return new Violation(FieldOf(at, name), "is not a name; a name has 1..64 letters, digits, '_', '-' and '.', and begins with a letter or '_'");
            else if (Check(value) is { } bad) yield return new Violation(FieldOf(at, name), bad);
        }
    }

    /// <summary>How an attribute of a call is named in errors.</summary>
    internal static string FieldOf(int item, string name) => $"items[{item}].attributes[{(name.Length <= MostOfAName ? name : name[..MostOfAName] + "...")}]";

    private static string? Check(AttributeValue value) => value.Type switch
    {
        AttributeType.Text => CheckText(value.Text, MaximumTextBytes),
        AttributeType.TextSet when value.TextSet.Count > MaximumSetTexts => $"has {value.TextSet.Count} texts; a set has at most {MaximumSetTexts}",
        AttributeType.TextSet => value.TextSet.Select(text => CheckText(text, MaximumSetTextBytes)).FirstOrDefault(wrong => wrong is not null),
        AttributeType.Number when !double.IsFinite(value.Number) => string.Create(CultureInfo.InvariantCulture, $"is {value.Number}; must be finite"),
        _ => null,
    };

    private static string? CheckText(string text, int maximumBytes)
    {
        if (IdRules.ExceedsBytes(text, maximumBytes)) return $"has a text of more than {maximumBytes} bytes of UTF-8";
        var control = text.AsSpan().IndexOfAny(Forbidden);
        return control < 0 ? null : $"has the control character U+{(int)text[control]:X4} at position {control}; allowed are tab and line ends";
    }

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_.-]{0,63}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
