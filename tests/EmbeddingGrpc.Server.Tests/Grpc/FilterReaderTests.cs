using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Catalog.Filters;
using EmbeddingGrpc.Server.Grpc;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;

namespace EmbeddingGrpc.Server.Tests.Grpc;

public sealed class FilterReaderTests
{
    [Fact]
    public void Read_EveryCondition_IsUnderstoodWithItsField()
    {
        var filter = All(
            new Filter { AnyOf = new FilterList { Filters = { Text("brand", "a", "b") } } },
            new Filter { Not = new Filter { Number = new NumberCondition { Attribute = "price", MoreThan = 1, AtMost = 5 } } },
            new Filter { Time = new TimeCondition { Attribute = "released", NotBefore = new Timestamp { Seconds = 10 } } },
            new Filter { Boolean = new BooleanCondition { Attribute = "sale", Is = true } },
            new Filter { Has = new HasCondition { Attribute = "price" } },
            new Filter { Items = new ItemList { ItemIds = { "x" } } },
            new Filter { Text = new TextCondition { Attribute = "tags", AllOf = { "c" } } });

        var (read, violations) = Read(filter);

        Assert.Empty(violations);
        var filters = Assert.IsType<AllOfFilter>(read).Filters;
        Assert.Equal(new TextFilter("brand", ["a", "b"], false) { Field = "filter.all_of.filters[0].any_of.filters[0].text" }.Field, Assert.Single(Assert.IsType<AnyOfFilter>(filters[0]).Filters).Field);
        Assert.Equal(new NumberFilter("price", 1, false, 5, true) { Field = "filter.all_of.filters[1].not.number" }, Assert.IsType<NotFilter>(filters[1]).Filter);
        Assert.Equal(new TimeFilter("released", DateTimeOffset.FromUnixTimeSeconds(10), null) { Field = "filter.all_of.filters[2].time" }, filters[2]);
        Assert.Equal(new BooleanFilter("sale", true) { Field = "filter.all_of.filters[3].boolean" }, filters[3]);
        Assert.Equal(new HasFilter("price") { Field = "filter.all_of.filters[4].has" }, filters[4]);
        Assert.Equal(["x"], Assert.IsType<OneOfItemsFilter>(filters[5]).ItemIds);
        Assert.True(Assert.IsType<TextFilter>(filters[6]).All);
    }

    [Theory]
    [InlineData(null, null, null, 3.0, null, 3, true, 3, true)]
    [InlineData(1.0, null, 2.0, null, null, 1, true, 2, true)]
    [InlineData(1.0, 1.0, 2.0, null, 2.0, 1, false, 2, false)]
    [InlineData(2.0, 1.0, 2.0, null, 3.0, 2, true, 2, true)]
    [InlineData(7.0, null, null, 5.0, null, 7, true, 5, true)]
    public void Read_BoundsOfANumber_AreTheTightest(
        double? atLeast, double? moreThan, double? atMost, double? equalTo, double? lessThan, double least, bool leastIsIn, double most, bool mostIsIn)
    {
        var condition = new NumberCondition { Attribute = "n" };
        if (atLeast is { } a) condition.AtLeast = a;
        if (moreThan is { } m) condition.MoreThan = m;
        if (atMost is { } t) condition.AtMost = t;
        if (equalTo is { } e) condition.EqualTo = e;
        if (lessThan is { } l) condition.LessThan = l;

        Assert.Equal(new NumberFilter("n", least, leastIsIn, most, mostIsIn) { Field = "filter.number" }, Read(new Filter { Number = condition }).Filter);
    }

    [Fact]
    public void Read_EachFault_IsNamedWithItsPath()
    {
        Assert.Equal(["filter: has no condition; set one of all_of, any_of, not, text, number, time, boolean, has, items"], Faults(new Filter()));
        Assert.Equal(["filter.any_of.filters: is empty; give at least one"], Faults(new Filter { AnyOf = new FilterList() }));
        Assert.Equal(["filter.text: must have one of any_of and all_of"], Faults(new Filter { Text = new TextCondition { Attribute = "a" } }));
        Assert.Equal(["filter.text: must have one of any_of and all_of"], Faults(new Filter { Text = new TextCondition { Attribute = "a", AnyOf = { "x" }, AllOf = { "y" } } }));
        Assert.Equal(["filter.number: has no bound; set one of equal_to, at_least, more_than, at_most, less_than"], Faults(new Filter { Number = new NumberCondition() }));
        Assert.Equal(["filter.number.at_least: is NaN; must be finite"], Faults(new Filter { Number = new NumberCondition { AtLeast = double.NaN } }));
        Assert.Equal(["filter.time: has no bound; set not_before, before or both"], Faults(new Filter { Time = new TimeCondition() }));
        Assert.StartsWith("filter.time.before: is no point in time", Assert.Single(Faults(new Filter { Time = new TimeCondition { Before = new Timestamp { Nanos = -5 } } })), StringComparison.Ordinal);
        Assert.Equal(["filter.items.item_ids: has 0 items; must have 1..10000"], Faults(new Filter { Items = new ItemList() }));
        Assert.StartsWith("filter.items.item_ids[1]: has the control character", Assert.Single(Faults(new Filter { Items = new ItemList { ItemIds = { "a", "b\n" } } })), StringComparison.Ordinal);
        Assert.Equal(
            ["filter.all_of.filters[0].number.less_than: is Infinity; must be finite", "filter.all_of.filters[1].not: has no condition; set one of all_of, any_of, not, text, number, time, boolean, has, items"],
            Faults(All(new Filter { Number = new NumberCondition { LessThan = double.PositiveInfinity } }, new Filter { Not = new Filter() })));
    }

    [Fact]
    public void Read_TooManyOrTooDeep_IsOneFault()
    {
        Assert.EndsWith("at most so many", Assert.Single(Faults(All([.. Enumerable.Range(0, 5000).Select(_ => Text("a", "b"))]))), StringComparison.Ordinal);
        var deep = Text("a", "b");
        for (var depth = 0; depth < 60; depth++) deep = new Filter { Not = deep };
        Assert.EndsWith("lies deeper than 10 conditions", Assert.Single(Faults(deep)), StringComparison.Ordinal);
        Assert.Equal(["filter.text.any_of: has 1001 texts; at most 1000 are allowed"], Faults(Text("a", [.. Enumerable.Range(0, 1001).Select(n => $"{n}")])));
    }

    private static Filter All(params Filter[] filters) => new() { AllOf = new FilterList { Filters = { filters } } };

    private static Filter Text(string attribute, params string[] texts) => new() { Text = new TextCondition { Attribute = attribute, AnyOf = { texts } } };

    private static string[] Faults(Filter filter)
    {
        var (read, violations) = Read(filter);
        Assert.Null(read);
        return [.. violations.Select(violation => $"{violation.Field}: {violation.Description}")];
    }

    private static (ItemFilter? Filter, List<BadRequest.Types.FieldViolation> Violations) Read(Filter filter)
    {
        var violations = new List<BadRequest.Types.FieldViolation>();
        return (new FilterReader(violations).Read(filter, "filter"), violations);
    }
}
