using System.ComponentModel.DataAnnotations;

namespace EmbeddingGrpc.Server.Models.FoldIn;

/// <summary>How items that the serving generation was not trained on get vectors from their first interactions.</summary>
public sealed record FoldInOptions
{
    /// <summary>Whether they do. Off: a new item cannot be recalled before the next training.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Items folded into one generation at most; later ones wait for the next training.</summary>
    [Range(0, 100_000_000)]
    public int MaximumItems { get; init; } = 1_000_000;

    /// <summary>Steps of gradient descent that refine the mean of an item's contexts; 0 leaves the mean.</summary>
    [Range(0, 1000)]
    public int Steps { get; init; } = 5;

    /// <summary>
    /// How many times as often as it was seen a new item is taken to be seen, where it meets users: it was seen for a shorter time than trained items that
    /// were seen as often. 1 ranks it like those, which hides it; with much more, lists are full of new items.
    /// </summary>
    /// <remarks>
    /// Chosen on MovieLens-small between 60% and 80% of its time, where 14% of what users went on to was new: with 2 new items were 14% of the
    /// recommendations and overall recall@20 was best (.0835; .0818 with 1, .0744 with 4, .0739 without fold-in). The README of this room has the last slice.
    /// </remarks>
    [Range(1.0, 1_000_000.0)]
    public double CountFactor { get; init; } = 2;

    /// <summary>
    /// How many contexts an item's attributes (texts, sets of texts, truths) weigh as much as. 0: attributes say nothing, and an item that nobody has
    /// touched yet has no vector.
    /// </summary>
    [Range(0.0, 1000.0)]
    public double AttributeWeight { get; init; } = 0.5;

    /// <summary>Negative samples a context in each step.</summary>
    [Range(1, 1000)]
    public int NegativeSamples { get; init; } = 5;

    /// <summary>How far the fold-in's thread steps back behind requests: 0 (not at all) to 19, as in nice(1).</summary>
    /// <remarks>
    /// 200 new items a second into a million take a third of a core. At 5, on two cores that were busy, they did not get it and new items were late by
    /// seconds; at 0 by a tenth of one.
    /// </remarks>
    [Range(0, 19)]
    public int Niceness { get; init; }
}
