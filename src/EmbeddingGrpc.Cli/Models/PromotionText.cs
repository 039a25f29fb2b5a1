using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Models;

/// <summary>What was found of a generation, as it is shown.</summary>
internal static class PromotionText
{
    /// <summary>A verdict as a word; empty for none.</summary>
    public static string NameOf(PromotionVerdict? verdict) => verdict switch
    {
        PromotionVerdict.Unopposed => "unopposed",
        PromotionVerdict.Promoted => "promoted",
        PromotionVerdict.Rejected => "rejected",
        PromotionVerdict.Inconclusive => "inconclusive",
        _ => "",
    };
}
