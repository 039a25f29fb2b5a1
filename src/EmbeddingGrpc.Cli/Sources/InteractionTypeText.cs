using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Sources;

/// <summary>Interaction types as people write them.</summary>
internal static class InteractionTypeText
{
    private static readonly (string Name, InteractionType Type)[] Known =
    [
        ("view", InteractionType.View),
        ("click", InteractionType.Click),
        ("purchase", InteractionType.Purchase),
        ("like", InteractionType.Like),
        ("dislike", InteractionType.Dislike),
        ("impression", InteractionType.Impression),
        ("add_to_cart", InteractionType.AddToCart),
    ];

    /// <summary>All names, for messages.</summary>
    public static string Names { get; } = string.Join(", ", Known.Select(known => known.Name));

    public static bool TryParse(ReadOnlySpan<char> text, out InteractionType type)
    {
        foreach (var (name, known) in Known)
        {
            if (!text.Equals(name, StringComparison.OrdinalIgnoreCase)) continue;
            type = known;
            return true;
        }
        type = default;
        return false;
    }
}
