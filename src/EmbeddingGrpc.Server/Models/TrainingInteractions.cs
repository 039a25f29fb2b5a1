using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Server.Models;

/// <summary>
/// Which types of interaction are part of training sessions. All of them enter the user histories; an interaction of weight 0 never trains.
/// </summary>
public sealed record TrainingInteractions
{
    /// <summary>The item was shown. Off: being shown says what the recommender did, not what the user wants.</summary>
    public bool Impression { get; init; }

    /// <summary>The item was looked at; also an unspecified type.</summary>
    public bool View { get; init; } = true;

    /// <summary>The item was clicked.</summary>
    public bool Click { get; init; } = true;

    /// <summary>The item was put into a cart.</summary>
    public bool AddToCart { get; init; } = true;

    /// <summary>The item was bought.</summary>
    public bool Purchase { get; init; } = true;

    /// <summary>The item was liked.</summary>
    public bool Like { get; init; } = true;

    /// <summary>The item was disliked. Off: it would be pulled toward what the user likes.</summary>
    public bool Dislike { get; init; }

    /// <summary>Whether an interaction is part of training sessions.</summary>
    public bool Include(in Interaction interaction) => Include(interaction.Type, interaction.Weight);

    /// <summary>Whether an interaction of a type and a weight is part of training sessions.</summary>
    public bool Include(InteractionType type, float weight) => weight > 0 && type switch
    {
        InteractionType.Impression => Impression,
        InteractionType.Click => Click,
        InteractionType.AddToCart => AddToCart,
        InteractionType.Purchase => Purchase,
        InteractionType.Like => Like,
        InteractionType.Dislike => Dislike,
        _ => View,
    };
}
