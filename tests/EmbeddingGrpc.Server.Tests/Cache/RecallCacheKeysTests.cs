using CsCheck;
using EmbeddingGrpc.Server.Cache;
using EmbeddingGrpc.Server.Catalog.Filters;
using EmbeddingGrpc.Server.Recall;

namespace EmbeddingGrpc.Server.Tests.Cache;

public sealed class RecallCacheKeysTests
{
    private static readonly RecallCacheKeys Keys = new(new RecallOptions(), new RecallCacheOptions());

    private static readonly RecallQuery Base = new() { Subject = new ItemSubject("a") };

    // Few and short ids, so that equal and confusingly similar queries are drawn often.
    private static readonly Gen<string> Id = Gen.String[Gen.Char["ab1"], 1, 3];

    private static readonly Gen<SessionEntry[]> Entries = Gen.Select(Id, AnyOf<float?>(null, 0f, 1f, 2f), (id, weight) => new SessionEntry(id, weight)).Array[1, 3];

    private static readonly Gen<RecallSubject> Subject = Gen.OneOf<RecallSubject>(
        Id.Select(id => (RecallSubject)new ItemSubject(id)),
        Gen.Select(Id, AnyOf<double?>(null, 1, 2), (id, hours) => (RecallSubject)new UserSubject(id) { HalfLife = hours is { } some ? TimeSpan.FromHours(some) : null }),
        Gen.Select(Entries, Id, AnyOf<double?>(null, 0, 0.5), (items, user, weight) => (RecallSubject)new SessionSubject(items) { UserId = user, HistoryWeight = weight }),
        Entries.Select(items => (RecallSubject)new SessionSubject(items)),
        AnyOf(0f, 1f, -1f).Array[1, 3].Select(values => (RecallSubject)new VectorSubject(values)));

    private static readonly Gen<RecallQuery> Query =
        from subject in Subject
        from k in Gen.Int[1, 2]
        from include in Gen.Bool
        from seen in Gen.Bool
        from explain in Gen.Bool
        from sources in Gen.Int[1, 2]
        from last in Gen.Int[0, 2]
        from cold in Gen.Int[0, 2]
        from recall in AnyOf(0, 0.9, 1.0)
        from interests in AnyOf<int?>(null, 1, 2)
        select new RecallQuery
        {
            Subject = subject,
            K = k,
            IncludeQueryItems = include,
            ExcludeSeen = seen,
            Explain = explain,
            ExcludeSeenLast = last,
            Sources = (RecallSources)sources,
            ColdShare = cold / 2.0,
            TargetRecall = recall,
            Interests = interests,
        };

    [Fact]
    public void For_AnyTwoQueries_KeysAreEqualExactlyWhereTheQueriesAre() =>
        Gen.Select(Query, Query).Sample((left, right) =>
            Assert.Equal(Describe(left) == Describe(right), Keys.For("m", 1, left, 0, 0, 0)!.Equals(Keys.For("m", 1, right, 0, 0, 0))), iter: 20_000);

    [Fact]
    public void For_SameQuery_SameKeyHashAndText()
    {
        var (left, right) = (KeyOf(Base), KeyOf(Base with { }));

        Assert.Equal(left, right);
        Assert.Equal(left.GetHashCode(), right.GetHashCode());
        Assert.Equal(left.ToString(), right.ToString());
        Assert.Equal(32, left.ToString().Length);
    }

    [Fact]
    public void For_OtherModelGenerationHistoryGraphOrDeletions_OtherKey()
    {
        var user = Base with { Subject = new UserSubject("a") };
        var keys = new[]
        {
            Keys.For("default", 1, user, 7, 0, 0), Keys.For("other", 1, user, 7, 0, 0), Keys.For("default", 2, user, 7, 0, 0), Keys.For("default", 1, user, 8, 0, 0), Keys.For("default", 1, user, 7, 1, 0),
            Keys.For("default", 1, user, 7, 0, 1), KeyOfSession(7), KeyOfSession(8),
        };

        Assert.Equal(keys.Length, keys.Distinct().Count());
    }

    [Fact]
    public void For_CatalogRevision_MattersToFilteredQueriesAlone()
    {
        var filtered = Base with { Filter = new HasFilter("year") { Field = "filter" } };

        Assert.NotEqual(KeyOf(Base), KeyOf(filtered));
        Assert.Equal(Keys.For("default", 1, Base, 0, 0, 0, 1), Keys.For("default", 1, Base, 0, 0, 0, 2));
        Assert.NotEqual(Keys.For("default", 1, filtered, 0, 0, 0, 1), Keys.For("default", 1, filtered, 0, 0, 0, 2));
        Assert.NotEqual(KeyOf(filtered), KeyOf(filtered with { Filter = new HasFilter("price") { Field = "filter" } }));
    }

    [Fact]
    public void For_OtherSettings_OtherKey()
    {
        var other = new RecallCacheKeys(new RecallOptions { RecencyExponent = 0.5 }, new RecallCacheOptions());
        var weights = new RecallCacheKeys(new RecallOptions { InteractionWeights = new() { View = 3 } }, new RecallCacheOptions());

        Assert.NotEqual(KeyOf(Base), other.For("default", 1, Base, 0, 0, 0));
        Assert.NotEqual(KeyOf(Base), weights.For("default", 1, Base, 0, 0, 0));
    }

    [Fact]
    public void For_Excludes_AreNotPartOfTheKey() => Assert.Equal(KeyOf(Base), KeyOf(Base with { Excludes = ["b"] }));

    [Fact]
    public void For_MinimumScore_IsNotPartOfTheKey() => Assert.Equal(KeyOf(Base), KeyOf(Base with { MinimumScore = 0.5f }));

    [Fact]
    public void For_User_IsNotShareable()
    {
        Assert.False(KeyOf(Base with { Subject = new UserSubject("a") }).IsShareable);
        Assert.False(KeyOfSession(7).IsShareable);
        Assert.True(KeyOf(Base with { Subject = new SessionSubject([new("a")]) }).IsShareable);
        Assert.True(KeyOf(Base).IsShareable);
    }

    [Fact]
    public void For_QueryLongerThanAllowed_IsNotCached()
    {
        var keys = new RecallCacheKeys(new RecallOptions(), new RecallCacheOptions { MaximumKeyBytes = 256 });

        Assert.NotNull(keys.For("default", 1, Base with { Subject = new VectorSubject(new float[44]) }, 0, 0, 0));
        Assert.Null(keys.For("default", 1, Base with { Subject = new VectorSubject(new float[64]) }, 0, 0, 0));
        Assert.Null(keys.For("default", 1, Base with { Subject = new VectorSubject(new float[1024]) }, 0, 0, 0));
        Assert.Null(keys.For("default", 1, Base with { Subject = new SessionSubject([.. Enumerable.Repeat(new SessionEntry("item"), 1000)]) }, 0, 0, 0));
    }

    private static Gen<T> AnyOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static RecallCacheKey KeyOf(RecallQuery query) => Keys.For("default", 1, query, 0, 0, 0)!;

    private static RecallCacheKey KeyOfSession(long historyVersion) =>
        Keys.For("default", 1, Base with { Subject = new SessionSubject([new("a")]) { UserId = "a" } }, historyVersion, 0, 0)!;

    private static string Describe(RecallQuery query)
    {
        var subject = query.Subject switch
        {
            SessionSubject session => $"session {session.UserId} {session.HistoryWeight} " + string.Join('|', session.Items.Select(item => $"{item.ItemId}={item.Weight?.ToString() ?? "recency"}")),
            VectorSubject vector => "vector " + string.Join('|', vector.Values.ToArray()),
            var other => other.ToString(),
        };
        return $"{subject} {query.K} {query.IncludeQueryItems} {query.ExcludeSeen} {query.Explain} {query.Sources} {query.ExcludeSeenLast} {query.ColdPlaces} {query.TargetRecall} {query.Interests}";
    }
}
