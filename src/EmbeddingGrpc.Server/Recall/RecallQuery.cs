using EmbeddingGrpc.Server.Catalog.Filters;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>One validated question to one model. Immutable.</summary>
/// <remarks>What only the model can tell (a dimension, an unknown item) is checked when it is answered.</remarks>
public sealed record RecallQuery
{
    /// <summary>Most candidates a query may ask for.</summary>
    public const int MaximumK = 1000;

    /// <summary>Most items a query may exclude.</summary>
    public const int MaximumExcludes = 10_000;

    /// <summary>Most interests that a history may be divided into.</summary>
    public const int MaximumInterests = 8;

    /// <summary>Least recall that can be asked for.</summary>
    public const double LeastTargetRecall = 0.80;

    /// <summary>Most recall that can be asked for, but for an exact search.</summary>
    public const double MostTargetRecall = 0.999;

    /// <summary>What the candidates are for.</summary>
    public required RecallSubject Subject { get; init; }

    /// <summary>Most items that <see cref="ExcludeSeenLast"/> may count.</summary>
    public const int MaximumExcludeSeenLast = 10_000;

    /// <summary>Candidates wanted, 1..<see cref="MaximumK"/>.</summary>
    public int K { get; init; } = 10;

    /// <summary>Items never to answer; unknown ones are harmless. At most <see cref="MaximumExcludes"/>.</summary>
    public IReadOnlyList<string> Excludes { get; init; } = [];

    /// <summary>Which items may be answered; null for all.</summary>
    public ItemFilter? Filter { get; init; }

    /// <summary>Leave out every item of the stored history of <see cref="RecallSubject.HistoryOf"/>.</summary>
    public bool ExcludeSeen { get; init; }

    /// <summary>Leave out the items that were seen last, so many distinct ones; 0 leaves out none for that reason.</summary>
    public int ExcludeSeenLast { get; init; }

    /// <summary>Candidates with a lower score are left out; null for none. Finite.</summary>
    public float? MinimumScore { get; init; }

    /// <summary>Where candidates may come from. Only histories and sessions have more than the embeddings.</summary>
    public RecallSources Sources { get; init; } = RecallSources.All;

    /// <summary>Say which items of the history or session brought each candidate.</summary>
    public bool Explain { get; init; }

    /// <summary>
    /// Share of the true nearest items that the embeddings' search is to find, <see cref="LeastTargetRecall"/>..<see cref="MostTargetRecall"/>,
    /// or 1 for an exact search; 0 means the model's own setting.
    /// </summary>
    public double TargetRecall { get; init; }

    /// <summary>Let the items that made the query be answered too.</summary>
    public bool IncludeQueryItems { get; init; }

    /// <summary>Interests that a history or a session is divided into at most, 1..<see cref="MaximumInterests"/>; null for the configured number.</summary>
    public int? Interests { get; init; }

    /// <summary>The share of the answer kept for items that the generation was not trained on, 0..1.</summary>
    public double ColdShare { get; init; }

    /// <summary>How many candidates that is; a part of one counts as one.</summary>
    public int ColdPlaces => (int)Math.Ceiling((K * ColdShare) - 1e-9);
}
