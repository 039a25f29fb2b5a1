using System.Text.Json.Serialization;

namespace EmbeddingGrpc.Server.Models.Files;

/// <summary>How a table of vectors is searched. The names are on disk.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<IndexKind>))]
internal enum IndexKind
{
    /// <summary>Every row is scanned; nothing is stored.</summary>
    Exact,

    /// <summary>An HNSW graph, stored beside the table.</summary>
    Hnsw,
}
