using System.ComponentModel.DataAnnotations;
using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>How strongly each type of interaction pulls a user's query. A dislike never pulls: it pushes its item out of the answer.</summary>
public sealed record InteractionWeights
{
    /// <summary>The item was shown. Zero: being shown says little of what the user wants.</summary>
    [Range(0.0, 1000.0)]
    public double Impression { get; init; }

    /// <summary>The item was looked at; also an unspecified type.</summary>
    [Range(0.0, 1000.0)]
    public double View { get; init; } = 1;

    /// <summary>The item was clicked.</summary>
    [Range(0.0, 1000.0)]
    public double Click { get; init; } = 1;

    /// <summary>The item was put into a cart.</summary>
    [Range(0.0, 1000.0)]
    public double AddToCart { get; init; } = 1.5;

    /// <summary>The item was bought.</summary>
    [Range(0.0, 1000.0)]
    public double Purchase { get; init; } = 2;

    /// <summary>The item was liked.</summary>
    [Range(0.0, 1000.0)]
    public double Like { get; init; } = 2;

    /// <summary>The weight of a type.</summary>
    public double Of(InteractionType type) => type switch
    {
        InteractionType.Impression => Impression,
        InteractionType.Click => Click,
        InteractionType.AddToCart => AddToCart,
        InteractionType.Purchase => Purchase,
        InteractionType.Like => Like,
        InteractionType.Dislike => 0,
        _ => View,
    };
}
