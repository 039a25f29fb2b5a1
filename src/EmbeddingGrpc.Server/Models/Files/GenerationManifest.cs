using System.Text.Json;
using System.Text.Json.Serialization;
using EmbeddingGrpc.Server.Models.Promotion;

namespace EmbeddingGrpc.Server.Models.Files;

/// <summary>What a generation's directory holds: <c>manifest.json</c>, written last, so that a directory without one is no generation.</summary>
internal sealed record GenerationManifest
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "manifest.json";

    /// <summary>The oldest format that is read, and the one of every generation that it can hold: an earlier daemon reads those too.</summary>
    public const int OldestVersion = 1;

    /// <summary>The newest format: without W2 and an index over it. Version 1 had both for a hierarchical softmax too, of no use to anyone.</summary>
    public const int CurrentVersion = 2;

    /// <summary>Version of the whole directory's format. Only this is read of a version that is not known.</summary>
    public int FormatVersion { get; init; } = OldestVersion;

    /// <summary>16 hexadecimal digits.</summary>
    public required string Id { get; init; }

    /// <summary>Counts the model's generations from 1.</summary>
    public required long Number { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreateTime { get; init; }

    /// <summary>Log entries it was trained on.</summary>
    public required long TrainedOffset { get; init; }

    /// <summary>Items in its vocabulary.</summary>
    public required int ItemCount { get; init; }

    /// <summary>Floats of a vector.</summary>
    public required int Dimension { get; init; }

    /// <summary>Whether similar items have a space of their own; else it is W1.</summary>
    public required bool HasSimilaritySpace { get; init; }

    /// <summary>How similar items are searched.</summary>
    public required IndexKind Similar { get; init; }

    /// <summary>How W2 is searched; null where there is none, from version 2 on.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IndexKind? Next { get; init; }

    /// <summary>Metric name to value.</summary>
    public required SortedDictionary<string, double> Metrics { get; init; }

    /// <summary>Every other file of the directory.</summary>
    public required IReadOnlyList<ManifestFile> Files { get; init; }

    /// <summary>Options that it was trained with; empty where it was not trained here.</summary>
    public SortedDictionary<string, string> Options { get; init; } = [];

    /// <summary>Why it serves or does not; null where that was not written down.</summary>
    public PromotionReport? Promotion { get; init; }

    /// <summary>See <see cref="SealedJson"/>.</summary>
    public string Checksum { get; init; } = SealedJson.Blank;

    /// <summary>The file's bytes, checksum included.</summary>
    public byte[] Serialize() =>
        SealedJson.Seal(JsonSerializer.SerializeToUtf8Bytes(this with { Checksum = SealedJson.Blank }, StoredJson.Default.GenerationManifest));

    /// <summary>Reads a manifest.</summary>
    /// <exception cref="GenerationFileException">Absent, unreadable, not such a file, of an unknown version, or damaged; says which.</exception>
    public static GenerationManifest Read(string path)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GenerationFileException(path, e.Message, e);
        }

        try
        {
            var version = JsonSerializer.Deserialize(bytes, StoredJson.Default.StoredVersion)?.FormatVersion;
            if (version is not (>= OldestVersion and <= CurrentVersion))
            {
                throw new GenerationFileException(
                    path, $"it has format version {version?.ToString() ?? "none"} and this daemon reads versions {OldestVersion} to {CurrentVersion}.");
            }

            var manifest = JsonSerializer.Deserialize(bytes, StoredJson.Default.GenerationManifest)
                ?? throw new GenerationFileException(path, "it holds nothing.");
            if (!SealedJson.IsIntact(bytes, manifest.Checksum)) throw new GenerationFileException(path, "its checksum does not match: it was damaged or changed by hand.");
            return manifest;
        }
        catch (JsonException e)
        {
            throw new GenerationFileException(path, $"it is not a manifest: {e.Message}", e);
        }
    }
}
