using System.IO.Hashing;
using System.Text;
using System.Text.Json;

namespace EmbeddingGrpc.Server.Models.Files;

/// <summary>What a generation's directory holds: <c>manifest.json</c>, written last, so that a directory without one is no generation.</summary>
internal sealed record GenerationManifest
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "manifest.json";

    /// <summary>The format that this daemon writes and reads.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Version of the whole directory's format. Only this is read of a version that is not known.</summary>
    public int FormatVersion { get; init; } = CurrentVersion;

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

    /// <summary>How W2 is searched.</summary>
    public required IndexKind Next { get; init; }

    /// <summary>Metric name to value.</summary>
    public required SortedDictionary<string, double> Metrics { get; init; }

    /// <summary>Every other file of the directory.</summary>
    public required IReadOnlyList<ManifestFile> Files { get; init; }

    /// <summary>XXH3 of this file's own bytes with this value's digits taken as zeros: 16 hexadecimal digits.</summary>
    public string Checksum { get; init; } = Zeros;

    private const string Zeros = "0000000000000000";

    /// <summary>The file's bytes, checksum included.</summary>
    public byte[] Serialize()
    {
        var blank = JsonSerializer.SerializeToUtf8Bytes(this with { Checksum = Zeros }, ManifestJson.Default.GenerationManifest);
        return JsonSerializer.SerializeToUtf8Bytes(this with { Checksum = ChecksumOf(blank) }, ManifestJson.Default.GenerationManifest);
    }

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
            var version = JsonSerializer.Deserialize(bytes, ManifestJson.Default.ManifestVersion)?.FormatVersion;
            if (version != CurrentVersion)
            {
                throw new GenerationFileException(path, $"it has format version {version?.ToString() ?? "none"} and this daemon reads version {CurrentVersion}.");
            }

            var manifest = JsonSerializer.Deserialize(bytes, ManifestJson.Default.GenerationManifest)
                ?? throw new GenerationFileException(path, "it holds nothing.");
            var blank = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bytes).Replace($"\"{manifest.Checksum}\"", $"\"{Zeros}\"", StringComparison.Ordinal));
            if (ChecksumOf(blank) != manifest.Checksum) throw new GenerationFileException(path, "its checksum does not match: it was damaged or changed by hand.");
            return manifest;
        }
        catch (JsonException e)
        {
            throw new GenerationFileException(path, $"it is not a manifest: {e.Message}", e);
        }
    }

    private static string ChecksumOf(byte[] bytes) => GenerationInfo.TextOf(XxHash3.HashToUInt64(bytes));
}
