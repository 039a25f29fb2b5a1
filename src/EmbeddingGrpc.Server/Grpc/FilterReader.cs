using System.Globalization;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Catalog.Filters;
using EmbeddingGrpc.Server.Pipeline;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>Validates a <see cref="Filter"/> into an <see cref="ItemFilter"/>. Names every condition that is wrong; whether it fits the attributes, the catalogue says. Belongs to one call.</summary>
internal sealed class FilterReader(ICollection<BadRequest.Types.FieldViolation> violations)
{
    private const int MostViolations = 20;
    private const string Conditions = "all_of, any_of, not, text, number, time, boolean, has, items";

    private int _conditions;

    /// <summary>Reads a filter.</summary>
    /// <param name="filter">As it came.</param>
    /// <param name="field">Its name in the request.</param>
    /// <returns>Null where something is wrong: then that is among the violations.</returns>
    public ItemFilter? Read(Filter filter, string field)
    {
        var before = violations.Count;
        var read = Read(filter, field, depth: 1);
        return violations.Count == before ? read : null;
    }

    private ItemFilter? Read(Filter filter, string field, int depth)
    {
        if (++_conditions > ItemFilter.MaximumConditions)
        {
            if (_conditions == ItemFilter.MaximumConditions + 1) Refuse(field, $"is one of more than {ItemFilter.MaximumConditions} conditions; a filter has at most so many");
            return null;
        }

        if (depth > ItemFilter.MaximumDepth) return Refuse(field, $"lies deeper than {ItemFilter.MaximumDepth} conditions");
        return filter.ConditionCase switch
        {
            Filter.ConditionOneofCase.AllOf => new AllOfFilter(Read(filter.AllOf, $"{field}.all_of", depth)) { Field = field },
            Filter.ConditionOneofCase.AnyOf when filter.AnyOf.Filters.Count == 0 => Refuse($"{field}.any_of.filters", "is empty; give at least one"),
            Filter.ConditionOneofCase.AnyOf => new AnyOfFilter(Read(filter.AnyOf, $"{field}.any_of", depth)) { Field = field },
            Filter.ConditionOneofCase.Not => Read(filter.Not, $"{field}.not", depth + 1) is { } negated ? new NotFilter(negated) { Field = field } : null,
            Filter.ConditionOneofCase.Text => Read(filter.Text, $"{field}.text"),
            Filter.ConditionOneofCase.Number => Read(filter.Number, $"{field}.number"),
            Filter.ConditionOneofCase.Time => Read(filter.Time, $"{field}.time"),
            Filter.ConditionOneofCase.Boolean => new BooleanFilter(filter.Boolean.Attribute, filter.Boolean.Is) { Field = $"{field}.boolean" },
            Filter.ConditionOneofCase.Has => new HasFilter(filter.Has.Attribute) { Field = $"{field}.has" },
            Filter.ConditionOneofCase.Items => Read(filter.Items, $"{field}.items"),
            _ => Refuse(field, $"has no condition; set one of {Conditions}"),
        };
    }

    private List<ItemFilter> Read(FilterList list, string field, int depth)
    {
        var filters = new List<ItemFilter>();
        for (var at = 0; at < list.Filters.Count && _conditions <= ItemFilter.MaximumConditions; at++)
        {
            if (Read(list.Filters[at], $"{field}.filters[{at}]", depth + 1) is { } filter) filters.Add(filter);
        }

        return filters;
    }

    private TextFilter? Read(TextCondition text, string field)
    {
        var all = text.AllOf.Count > 0;
        if (all == text.AnyOf.Count > 0) Refuse(field, "must have one of any_of and all_of");
        var texts = all ? text.AllOf : text.AnyOf;
        if (texts.Count > ItemFilter.MaximumTexts) Refuse($"{field}.{(all ? "all_of" : "any_of")}", $"has {texts.Count} texts; at most {ItemFilter.MaximumTexts} are allowed");
        return new TextFilter(text.Attribute, texts, all) { Field = field };
    }

    private NumberFilter? Read(NumberCondition number, string field)
    {
        Check(number.HasEqualTo, number.EqualTo, $"{field}.equal_to");
        Check(number.HasAtLeast, number.AtLeast, $"{field}.at_least");
        Check(number.HasMoreThan, number.MoreThan, $"{field}.more_than");
        Check(number.HasAtMost, number.AtMost, $"{field}.at_most");
        Check(number.HasLessThan, number.LessThan, $"{field}.less_than");
        if (!(number.HasEqualTo || number.HasAtLeast || number.HasMoreThan || number.HasAtMost || number.HasLessThan))
        {
            Refuse(field, "has no bound; set one of equal_to, at_least, more_than, at_most, less_than");
        }

        var (least, leastIsIn) = (double.NegativeInfinity, true);
        if (number.HasAtLeast) least = number.AtLeast;
        if (number.HasEqualTo && number.EqualTo > least) least = number.EqualTo;
        if (number.HasMoreThan && number.MoreThan >= least) (least, leastIsIn) = (number.MoreThan, false);
        var (most, mostIsIn) = (double.PositiveInfinity, true);
        if (number.HasAtMost) most = number.AtMost;
        if (number.HasEqualTo && number.EqualTo < most) most = number.EqualTo;
        if (number.HasLessThan && number.LessThan <= most) (most, mostIsIn) = (number.LessThan, false);
        return new NumberFilter(number.Attribute, least, leastIsIn, most, mostIsIn) { Field = field };
    }

    private TimeFilter? Read(TimeCondition time, string field)
    {
        if (time.NotBefore is null && time.Before is null) return (TimeFilter?)Refuse(field, "has no bound; set not_before, before or both");
        return new TimeFilter(time.Attribute, Read(time.NotBefore, $"{field}.not_before"), Read(time.Before, $"{field}.before")) { Field = field };
    }

    private DateTimeOffset? Read(Timestamp? time, string field)
    {
        if (time is null) return null;
        if (CatalogMessages.TryRead(time, out var read)) return read;
        Refuse(field, CatalogMessages.NoTime);
        return null;
    }

    private OneOfItemsFilter? Read(ItemList items, string field)
    {
        if (items.ItemIds.Count is 0 or > ItemFilter.MaximumItems)
            return (OneOfItemsFilter?)Refuse($"{field}.item_ids", $"has {items.ItemIds.Count} items; must have 1..{ItemFilter.MaximumItems}");
        for (var at = 0; at < items.ItemIds.Count; at++)
        {
            if (IdRules.Check(items.ItemIds[at]) is { } wrong) Refuse($"{field}.item_ids[{at}]", wrong);
        }

        return new OneOfItemsFilter(items.ItemIds) { Field = field };
    }

    private void Check(bool has, double bound, string field)
    {
        if (has && !double.IsFinite(bound)) Refuse(field, string.Create(CultureInfo.InvariantCulture, $"is {bound}; must be finite"));
    }

    private ItemFilter? Refuse(string field, string description)
    {
        if (violations.Count < MostViolations) violations.Add(new BadRequest.Types.FieldViolation { Field = field, Description = description });
        return null;
    }
}
