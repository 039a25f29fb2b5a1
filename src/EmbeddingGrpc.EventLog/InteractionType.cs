namespace EmbeddingGrpc.EventLog;

/// <summary>What a user did with an item. The numbers are on disk and on the wire: never change one.</summary>
public enum InteractionType : byte
{
    /// <summary>Not said; taken as <see cref="View"/>.</summary>
    Unspecified = 0,

    /// <summary>The item was shown.</summary>
    Impression = 1,

    /// <summary>The item was looked at.</summary>
    View = 2,

    /// <summary>The item was clicked.</summary>
    Click = 3,

    /// <summary>The item was put into a cart.</summary>
    AddToCart = 4,

    /// <summary>The item was bought.</summary>
    Purchase = 5,

    /// <summary>The item was liked.</summary>
    Like = 6,

    /// <summary>The item was disliked.</summary>
    Dislike = 7,
}
