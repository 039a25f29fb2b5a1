using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Sources;

/// <summary>Which columns of a CSV file mean what. Names are matched without regard to case.</summary>
/// <param name="User">Column of the user's id.</param>
/// <param name="Item">Column of the item's id.</param>
/// <param name="Time">Column of the event time: seconds or milliseconds since 1970, or ISO 8601.</param>
internal sealed record CsvMapping(string User, string Item, string Time)
{
    /// <summary>MovieLens' <c>ratings.csv</c>: a rating of at least <paramref name="minimumRating"/> is a like, a lower one says nothing.</summary>
    public static CsvMapping MovieLens(double minimumRating) =>
        new("userId", "movieId", "timestamp") { MinimumColumn = "rating", Minimum = minimumRating, FixedType = InteractionType.Like };

    /// <summary>Column of the interaction type; null where there is none.</summary>
    public string? Type { get; init; }

    /// <summary>Column of the weight; null where there is none.</summary>
    public string? Weight { get; init; }

    /// <summary>Column whose value must reach <see cref="Minimum"/>; null where every row counts.</summary>
    public string? MinimumColumn { get; init; }

    /// <summary>Rows with less are left out.</summary>
    public double Minimum { get; init; }

    /// <summary>Type of every row where there is no column for it.</summary>
    public InteractionType FixedType { get; init; } = InteractionType.View;

    /// <summary>As the command line gives it.</summary>
    public override string ToString() => string.Join(
        ',',
        new[] { ("user", User), ("item", Item), ("time", Time), ("type", Type), ("weight", Weight) }.Where(role => role.Item2 is not null).Select(role => $"{role.Item1}={role.Item2}"));
}
