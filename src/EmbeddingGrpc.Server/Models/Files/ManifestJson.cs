using System.Text.Json;
using System.Text.Json.Serialization;

namespace EmbeddingGrpc.Server.Models.Files;

/// <summary>How manifests look: camelCase, indented, so that an operator can read one.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.General, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(GenerationManifest))]
[JsonSerializable(typeof(ManifestVersion))]
internal sealed partial class ManifestJson : JsonSerializerContext;
