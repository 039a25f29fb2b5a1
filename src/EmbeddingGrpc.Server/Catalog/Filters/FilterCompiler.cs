using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Catalog.Columns;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Catalog.Filters;

/// <summary>Checks a filter against the attributes of a catalogue and makes it quick to ask. Belongs to one call.</summary>
internal sealed class FilterCompiler(ItemCatalog catalog, Generation generation)
{
    private const int MostNames = 20;

    /// <summary>Compiles a filter.</summary>
    /// <exception cref="InvalidFilterException">An attribute is unknown, or of another type than the condition; says which.</exception>
    public CompiledFilter Compile(ItemFilter filter)
    {
        switch (filter)
        {
            case AllOfFilter all:
                return new AllOf([.. all.Filters.Select(Compile)]);
            case AnyOfFilter any:
                return new AnyOf([.. any.Filters.Select(Compile)]);
            case NotFilter negated:
                return new Not(Compile(negated.Filter));
            case HasFilter has:
                RequireKnown(has.Field, has.Attribute);
                return Find<AttributeColumn>(has.Attribute) is { } column ? new Has(column) : Nothing.Instance;
            case TextFilter text:
                return Compile(text);
            case NumberFilter number:
                Require(number.Field, number.Attribute, AttributeType.Number);
                return Find<NumberColumn>(number.Attribute) is { } numbers ? new InRange(numbers, number) : Nothing.Instance;
            case TimeFilter time:
                Require(time.Field, time.Attribute, AttributeType.Timestamp);
                return Find<TimestampColumn>(time.Attribute) is { } times ? new InTime(times, time) : Nothing.Instance;
            case BooleanFilter boolean:
                Require(boolean.Field, boolean.Attribute, AttributeType.Boolean);
                return Find<BooleanColumn>(boolean.Attribute) is { } booleans ? new Is(booleans, boolean.Value) : Nothing.Instance;
            case OneOfItemsFilter items:
                return new OneOf(items.ItemIds, catalog, generation);
            default:
                throw new ArgumentException($"A {filter.GetType().Name} cannot be compiled.", nameof(filter));
        }
    }

    private CompiledFilter Compile(TextFilter text)
    {
        var type = Require(text.Field, text.Attribute, AttributeType.Text, AttributeType.TextSet);
        if (type == AttributeType.Text && text.All)
        {
            throw new InvalidFilterException($"{text.Field}.all_of", $"'{text.Attribute}' is a text, and has one value; use any_of");
        }

        if (type == AttributeType.Text) return Find<TextColumn>(text.Attribute) is { } texts ? new HasText(texts, text.Texts) : Nothing.Instance;
        if (Find<TextSetColumn>(text.Attribute) is not { } sets) return Nothing.Instance;
        var items = text.Texts.Distinct(StringComparer.Ordinal).Select(one => sets.TryGetItems(one, out var having) ? having : null).ToList();
        // A text that no set has: nobody has all, and it adds nothing to any.
        if (text.All) return items.Contains(null) ? Nothing.Instance : new InAll([.. items.OfType<ItemSet>().OrderBy(having => having.Count)]);
        return new InAny([.. items.OfType<ItemSet>().OrderByDescending(having => having.Count)]);
    }

    // A type may be fixed before its first value is applied.
    private T? Find<T>(string attribute)
        where T : AttributeColumn => catalog.Columns.TryGet(attribute, out var column) ? column as T : null;

    private AttributeType Require(string field, string attribute, params AttributeType[] types)
    {
        var type = RequireKnown(field, attribute);
        if (Array.IndexOf(types, type) >= 0) return type;
        throw new InvalidFilterException($"{field}.attribute", $"'{attribute}' is a {AttributeTypeNames.Of(type)}; {UseInstead(type)}");
    }

    private AttributeType RequireKnown(string field, string attribute)
    {
        if (catalog.Schema.Types.TryGetValue(attribute, out var type)) return type;
        var names = catalog.Schema.Types.Keys.Order(StringComparer.Ordinal).ToList();
        throw new InvalidFilterException(
            $"{field}.attribute",
            names.Count == 0
                ? $"'{attribute}' is unknown: the catalogue has no attributes yet; upsert items first"
                : $"no item ever had '{attribute}'; known are {string.Join(", ", names.Take(MostNames))}{(names.Count > MostNames ? ", ..." : "")}");
    }

    private static string UseInstead(AttributeType type) => type switch
    {
        AttributeType.Text or AttributeType.TextSet => "use a text condition",
        AttributeType.Number => "use a number condition",
        AttributeType.Boolean => "use a boolean condition",
        _ => "use a time condition",
    };

    private sealed class AllOf(CompiledFilter[] filters) : CompiledFilter
    {
        public override bool Accepts(in FilteredItem item)
        {
            foreach (var filter in filters)
                if (!filter.Accepts(item))
                    return false;
            return true;
        }

        public override bool TryList(FewItems items)
        {
            foreach (var filter in filters)
            {
                var some = new FewItems(items.Room);
                if (filter.TryList(some)) return items.TryAdd(some);
            }

            return false;
        }
    }

    private sealed class AnyOf(CompiledFilter[] filters) : CompiledFilter
    {
        public override bool Accepts(in FilteredItem item)
        {
            foreach (var filter in filters)
                if (filter.Accepts(item))
                    return true;
            return false;
        }

        public override bool TryList(FewItems items) => Array.TrueForAll(filters, filter => filter.TryList(items));
    }

    private sealed class Not(CompiledFilter filter) : CompiledFilter
    {
        public override bool Accepts(in FilteredItem item) => !filter.Accepts(item);
    }

    private sealed class Nothing : CompiledFilter
    {
        public static Nothing Instance { get; } = new();

        public override bool Accepts(in FilteredItem item) => false;

        public override bool TryList(FewItems items) => true;
    }

    private sealed class Has(AttributeColumn column) : CompiledFilter
    {
        public override bool Accepts(in FilteredItem item) => column.Has(item.Key);
    }

    private sealed class HasText(TextColumn column, IReadOnlyList<string> texts) : CompiledFilter
    {
        private readonly ulong[] _hashes = [.. texts.Select(column.HashOf).Distinct().Order()];

        public override bool Accepts(in FilteredItem item) => IsOneOf(_hashes, column[item.Key]);

        public override bool TryList(FewItems items) => column.Visit(new Visitor(_hashes, items));

        private static bool IsOneOf(ulong[] hashes, ulong hash) => hashes.Length == 1 ? hash == hashes[0] : Array.BinarySearch(hashes, hash) >= 0;

        private readonly struct Visitor(ulong[] hashes, FewItems items) : IValueVisitor<ulong>
        {
            public bool Visit(int index, ulong hash) => !IsOneOf(hashes, hash) || items.TryAdd(new ItemKey(index));
        }
    }

    private sealed class InAll(ItemSet[] sets) : CompiledFilter
    {
        public override bool Accepts(in FilteredItem item)
        {
            foreach (var set in sets)
                if (!set.Contains(item.Key))
                    return false;
            return true;
        }

        public override bool TryList(FewItems items) => sets is [var smallest, ..] && smallest.TryList(items);
    }

    private sealed class InAny(ItemSet[] sets) : CompiledFilter
    {
        public override bool Accepts(in FilteredItem item)
        {
            foreach (var set in sets)
                if (set.Contains(item.Key))
                    return true;
            return false;
        }

        public override bool TryList(FewItems items) => Array.TrueForAll(sets, set => set.TryList(items));
    }

    private sealed class InRange(NumberColumn column, NumberFilter range) : CompiledFilter
    {
        public override bool Accepts(in FilteredItem item) => Holds(range, column[item.Key]);

        public override bool TryList(FewItems items) => column.Visit(new Visitor(range, items));

        // NaN, which stands for no number, is in no range.
        private static bool Holds(NumberFilter range, double number) =>
            (range.LeastIsIn ? number >= range.Least : number > range.Least) && (range.MostIsIn ? number <= range.Most : number < range.Most);

        private readonly struct Visitor(NumberFilter range, FewItems items) : IValueVisitor<double>
        {
            public bool Visit(int index, double number) => !Holds(range, number) || items.TryAdd(new ItemKey(index));
        }
    }

    private sealed class InTime(TimestampColumn column, TimeFilter range) : CompiledFilter
    {
        private readonly long _first = range.NotBefore?.UtcTicks ?? TimestampColumn.None + 1;
        private readonly long _end = range.Before?.UtcTicks ?? long.MaxValue;

        public override bool Accepts(in FilteredItem item)
        {
            var ticks = column[item.Key];
            return ticks >= _first && ticks < _end;
        }

        public override bool TryList(FewItems items) => column.Visit(new Visitor(_first, _end, items));

        private readonly struct Visitor(long first, long end, FewItems items) : IValueVisitor<long>
        {
            public bool Visit(int index, long ticks) => ticks < first || ticks >= end || items.TryAdd(new ItemKey(index));
        }
    }

    private sealed class Is(BooleanColumn column, bool value) : CompiledFilter
    {
        public override bool Accepts(in FilteredItem item) => column.Is(item.Key, value);

        public override bool TryList(FewItems items) => column.TryList(value, items);
    }

    /// <summary>By key, and for items of an import that the stream never saw, by ordinal.</summary>
    private sealed class OneOf : CompiledFilter
    {
        private readonly HashSet<int> _keys = [];
        private readonly HashSet<int> _ordinals = [];

        public OneOf(IReadOnlyList<string> itemIds, ItemCatalog catalog, Generation generation)
        {
            for (var i = 0; i < itemIds.Count; i++)
            {
                if (catalog.TryGetKey(itemIds[i], out var key)) _keys.Add(key.Value);
                if (generation.TryGetOrdinal(itemIds[i], out var ordinal)) _ordinals.Add(ordinal.Value);
            }
        }

        public override bool Accepts(in FilteredItem item) => _ordinals.Contains(item.Ordinal.Value) || _keys.Contains(item.Key.Value);

        public override bool TryList(FewItems items) =>
            _keys.Count + _ordinals.Count <= items.Room && _keys.All(key => items.TryAdd(new ItemKey(key))) && _ordinals.All(ordinal => items.TryAdd(new ItemOrdinal(ordinal)));
    }
}
