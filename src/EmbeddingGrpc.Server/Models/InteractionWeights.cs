using System.ComponentModel.DataAnnotations;
using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Server.Models;

/// <summary>
/// How much an interaction of each type counts in training: a pair of interactions trains with the geometric mean of their weights. A type that
/// should not train at all is left out by <see cref="ModelOptions.TrainOn"/>.
/// </summary>
public sealed record InteractionWeights
{
    /// <summary>
    /// An interaction's own weight counts up to this: it multiplies the learning rate, and a stray million would throw vectors out of their space.
    /// </summary>
    public const float MaximumOwnWeight = 10;

    /// <summary>Of an impression, where impressions train.</summary>
    [Range(0.01, 100.0)]
    public double Impression { get; init; } = 1;

    /// <summary>Of a view; also of an unspecified type.</summary>
    [Range(0.01, 100.0)]
    public double View { get; init; } = 1;

    /// <summary>Of a click.</summary>
    [Range(0.01, 100.0)]
    public double Click { get; init; } = 1;

    /// <summary>Of putting the item into a cart.</summary>
    [Range(0.01, 100.0)]
    public double AddToCart { get; init; } = 1;

    /// <summary>Of a purchase.</summary>
    [Range(0.01, 100.0)]
    public double Purchase { get; init; } = 1;

    /// <summary>Of a like.</summary>
    [Range(0.01, 100.0)]
    public double Like { get; init; } = 1;

    /// <summary>Of a dislike, where dislikes train.</summary>
    [Range(0.01, 100.0)]
    public double Dislike { get; init; } = 1;

    /// <summary>The weight that an interaction trains with: its type's times its own.</summary>
    public float Of(in Interaction interaction) => Of(interaction.Type, interaction.Weight);

    /// <summary>The weight that an interaction of a type and a weight trains with.</summary>
    public float Of(InteractionType type, float weight) => Math.Min(weight, MaximumOwnWeight) * (float)(type switch
    {
        InteractionType.Impression => Impression,
        InteractionType.Click => Click,
        InteractionType.AddToCart => AddToCart,
        InteractionType.Purchase => Purchase,
        InteractionType.Like => Like,
        InteractionType.Dislike => Dislike,
        _ => View,
    });
}
