using System.Text.Json;

namespace EmbeddingGrpc.Server.Models.Files;

/// <summary>What makes a model that was created by a call: <c>model.json</c> in its directory. Immutable.</summary>
internal sealed record ModelDefinition
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "model.json";

    /// <summary>The format that this daemon writes and reads.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Version of the format. Only this is read of a version that is not known.</summary>
    public int FormatVersion { get; init; } = CurrentVersion;

    /// <summary>The model's name, which its directory has too.</summary>
    public required string Name { get; init; }

    /// <summary>The model whose events feed it; null where it has a log of its own.</summary>
    public string? EventsFrom { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset CreateTime { get; init; }

    /// <summary>Options that were set, by name; the others have the daemon's defaults.</summary>
    public required SortedDictionary<string, string> Options { get; init; }

    /// <summary>See <see cref="SealedJson"/>.</summary>
    public string Checksum { get; init; } = SealedJson.Blank;

    /// <summary>The file's bytes, checksum included.</summary>
    public byte[] Serialize() =>
        SealedJson.Seal(JsonSerializer.SerializeToUtf8Bytes(this with { Checksum = SealedJson.Blank }, StoredJson.Default.ModelDefinition));

    /// <summary>Reads a definition.</summary>
    /// <exception cref="ModelFileException">Unreadable, not such a file, of an unknown version, or damaged; says which.</exception>
    public static ModelDefinition Read(string path)
    {
        try
        {
            var bytes = File.ReadAllBytes(path);
            var version = JsonSerializer.Deserialize(bytes, StoredJson.Default.StoredVersion)?.FormatVersion;
            if (version != CurrentVersion)
            {
                throw new ModelFileException(path, $"it has format version {version?.ToString() ?? "none"} and this daemon reads version {CurrentVersion}.");
            }

            var definition = JsonSerializer.Deserialize(bytes, StoredJson.Default.ModelDefinition) ?? throw new ModelFileException(path, "it holds nothing.");
            return SealedJson.IsIntact(bytes, definition.Checksum)
                ? definition
                : throw new ModelFileException(path, "its checksum does not match: it was damaged or changed by hand.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException(path, e.Message, e);
        }
        catch (JsonException e)
        {
            throw new ModelFileException(path, $"it is not a model's definition: {e.Message}", e);
        }
    }
}
