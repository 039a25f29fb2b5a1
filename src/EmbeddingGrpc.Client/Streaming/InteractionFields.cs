using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Client.Streaming;

/// <summary>The fields of one interaction as the caller has them: text that need not be strings.</summary>
internal readonly ref struct InteractionFields
{
    public required ReadOnlySpan<char> UserId { get; init; }

    public required ReadOnlySpan<char> ItemId { get; init; }

    public required long EventTimeMs { get; init; }

    public InteractionType Type { get; init; }

    public float? Weight { get; init; }

    /// <summary>Empty where there is none.</summary>
    public ReadOnlySpan<char> RecallId { get; init; }
}
