using System.Text;
using EmbeddingGrpc.Server.Catalog.Filters;

namespace EmbeddingGrpc.Server.Cache;

/// <summary>
/// Writes filters as bytes that are the same for filters that say the same in another order or twice: what is listed in a condition, and the conditions of
/// a list, are sorted and each is written once; a list of one condition is that condition. Stateless.
/// </summary>
internal static class FilterKey
{
    // A condition of many texts has as many bytes at least, so that what is too long is known before it is sorted.
    private const int LeastBytesOfAText = 2;

    private enum Kind : byte
    {
        All = 1,
        Any = 2,
        Not = 3,
        Has = 4,
        Text = 5,
        Items = 6,
        Boolean = 7,
        Time = 8,
        Number = 9,
    }

    /// <summary>The bytes of a filter.</summary>
    /// <param name="filter">The filter.</param>
    /// <param name="most">Bytes at most.</param>
    /// <returns>Null for one that has more.</returns>
    public static byte[]? Of(ItemFilter filter, int most)
    {
        if (IsTooLong(filter, most)) return null;
        var bytes = Encode(filter);
        return bytes.Length > most ? null : bytes;
    }

    private static bool IsTooLong(ItemFilter filter, int most) => filter switch
    {
        AllOfFilter all => all.Filters.Any(one => IsTooLong(one, most)),
        AnyOfFilter any => any.Filters.Any(one => IsTooLong(one, most)),
        NotFilter not => IsTooLong(not.Filter, most),
        TextFilter text => (long)text.Texts.Count * LeastBytesOfAText > most,
        OneOfItemsFilter items => (long)items.ItemIds.Count * LeastBytesOfAText > most,
        _ => false,
    };

    private static byte[] Encode(ItemFilter filter)
    {
        switch (filter)
        {
            case AllOfFilter all:
                return List(Kind.All, all.Filters);
            case AnyOfFilter any:
                return List(Kind.Any, any.Filters);
            case NotFilter not:
                return [(byte)Kind.Not, .. Encode(not.Filter)];
            case HasFilter has:
                return Write(Kind.Has, writer => writer.Write(has.Attribute));
            case TextFilter text:
                return Write(Kind.Text, writer =>
                {
                    writer.Write(text.Attribute);
                    writer.Write(text.All);
                    WriteSorted(writer, text.Texts);
                });
            case OneOfItemsFilter items:
                return Write(Kind.Items, writer => WriteSorted(writer, items.ItemIds));
            case BooleanFilter boolean:
                return Write(Kind.Boolean, writer =>
                {
                    writer.Write(boolean.Attribute);
                    writer.Write(boolean.Value);
                });
            case TimeFilter time:
                return Write(Kind.Time, writer =>
                {
                    writer.Write(time.Attribute);
                    writer.Write(time.NotBefore?.UtcTicks ?? long.MinValue);
                    writer.Write(time.Before?.UtcTicks ?? long.MaxValue);
                });
            case NumberFilter number:
                return Write(Kind.Number, writer =>
                {
                    writer.Write(number.Attribute);
                    writer.Write(number.Least);
                    writer.Write(number.LeastIsIn);
                    writer.Write(number.Most);
                    writer.Write(number.MostIsIn);
                });
            default:
                throw new ArgumentException($"A {filter.GetType().Name} has no key.", nameof(filter));
        }
    }

    private static byte[] List(Kind kind, IReadOnlyList<ItemFilter> filters)
    {
        var parts = filters.Select(Encode).ToList();
        parts.Sort(static (left, right) => left.AsSpan().SequenceCompareTo(right));
        var distinct = parts.Where((part, i) => i == 0 || !part.AsSpan().SequenceEqual(parts[i - 1])).ToList();
        if (distinct.Count == 1) return distinct[0];
        return Write(kind, writer =>
        {
            writer.Write7BitEncodedInt(distinct.Count);
            foreach (var part in distinct) writer.Write(part);
        });
    }

    private static void WriteSorted(BinaryWriter writer, IReadOnlyList<string> texts)
    {
        var distinct = texts.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        writer.Write7BitEncodedInt(distinct.Count);
        foreach (var text in distinct) writer.Write(text);
    }

    /// <summary>Every part tells its own end, so that no two filters have the same bytes; texts carry their length.</summary>
    private static byte[] Write(Kind kind, Action<BinaryWriter> write)
    {
        using var bytes = new MemoryStream(64);
        using var writer = new BinaryWriter(bytes, Encoding.UTF8);
        writer.Write((byte)kind);
        write(writer);
        writer.Flush();
        return bytes.ToArray();
    }
}
