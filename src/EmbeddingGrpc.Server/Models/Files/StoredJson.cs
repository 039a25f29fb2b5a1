using System.Text.Json;
using System.Text.Json.Serialization;

namespace EmbeddingGrpc.Server.Models.Files;

/// <summary>How stored JSON looks: camelCase, indented, so that an operator can read it.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.General, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(GenerationManifest))]
[JsonSerializable(typeof(ModelDefinition))]
[JsonSerializable(typeof(StoredVersion))]
internal sealed partial class StoredJson : JsonSerializerContext;
