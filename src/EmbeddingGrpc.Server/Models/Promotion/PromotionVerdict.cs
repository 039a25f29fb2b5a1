using System.Text.Json.Serialization;

namespace EmbeddingGrpc.Server.Models.Promotion;

/// <summary>What was found of a generation before it served, or did not. The names are on disk.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PromotionVerdict>))]
public enum PromotionVerdict
{
    /// <summary>It was compared with nothing: the model had no other, its vectors were imported, or comparing is switched off.</summary>
    Unopposed,

    /// <summary>It is not worse than the one before it.</summary>
    Promoted,

    /// <summary>It is worse.</summary>
    Rejected,

    /// <summary>Too little could be asked to tell.</summary>
    Inconclusive,
}
