using EmbeddingGrpc.Indexing;

namespace EmbeddingGrpc.Server.Models.Files;

/// <summary>
/// Writes a generation so that after a crash it is whole or not there: every file synced, then the temporary directory, then renamed, then
/// the parent synced. The manifest is written last.
/// </summary>
internal sealed class GenerationWriter(string generationsDirectory, DurableFiles files)
{
    /// <summary>Writes a generation; it stays the caller's.</summary>
    /// <param name="parts">What to write.</param>
    /// <param name="progress">Told the fraction of files written, 0..1.</param>
    /// <param name="cancellationToken">Checked between files.</param>
    /// <returns>Its name below the directory of generations.</returns>
    /// <exception cref="IOException">The disk refused; what was written is removed where that is possible, else at the next start.</exception>
    public GenerationName Write(GenerationParts parts, Action<double>? progress, CancellationToken cancellationToken)
    {
        var name = new GenerationName(parts.Number, parts.Id);
        var temporary = Path.Combine(generationsDirectory, DurableFiles.TemporaryPrefix + name);
        var contents = ContentsOf(parts);
        files.CreateDirectory(temporary);
        try
        {
            var described = new List<ManifestFile>(contents.Count);
            foreach (var (file, save) in contents)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var path = Path.Combine(temporary, file);
                files.Write(path, save);
                described.Add(ManifestFile.Describe(path));
                progress?.Invoke((double)described.Count / contents.Count);
            }

            var manifest = ManifestOf(parts, described).Serialize();
            files.Write(Path.Combine(temporary, GenerationManifest.FileName), stream => stream.Write(manifest));
            files.SyncDirectory(temporary);
            files.RenameDirectory(temporary, Path.Combine(generationsDirectory, name.ToString()));
            return name;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or OperationCanceledException)
        {
            if (Directory.Exists(temporary)) files.DeleteDirectory(temporary);
            throw;
        }
    }

    private static List<(string File, Action<Stream> Save)> ContentsOf(GenerationParts parts)
    {
        var contents = new List<(string, Action<Stream>)>
        {
            (GenerationFileNames.Vocabulary, parts.Vocabulary.Save),
            (GenerationFileNames.Input, parts.Input.Save),
        };
        if (parts.Output is { } output) contents.Add((GenerationFileNames.Output, output.Save));
        if (parts.Similarity is { } similarity) contents.Add((GenerationFileNames.Similarity, similarity.Save));
        if (parts.Similar is HnswIndex similar) contents.Add((GenerationFileNames.Similar, similar.Save));
        if (parts.Next is HnswIndex next) contents.Add((GenerationFileNames.Next, next.Save));
        return contents;
    }

    private static GenerationManifest ManifestOf(GenerationParts parts, List<ManifestFile> described) => new()
    {
        FormatVersion = parts.Next is null ? GenerationManifest.CurrentVersion : GenerationManifest.OldestVersion,
        Id = GenerationInfo.TextOf(parts.Id),
        Number = parts.Number,
        CreateTime = parts.CreateTime,
        TrainedOffset = parts.TrainedOffset.Value,
        ItemCount = parts.Vocabulary.Count,
        Dimension = parts.Input.Dimension,
        HasSimilaritySpace = parts.Similarity is not null,
        Similar = KindOf(parts.Similar),
        Next = parts.Next is null ? null : KindOf(parts.Next),
        Metrics = new(parts.Metrics.ToDictionary(), StringComparer.Ordinal),
        Options = new(parts.Options.ToDictionary(), StringComparer.Ordinal),
        Promotion = parts.Promotion,
        Files = described,
    };

    private static IndexKind KindOf(IVectorIndex index) => index switch
    {
        HnswIndex => IndexKind.Hnsw,
        ExactIndex => IndexKind.Exact,
        _ => throw new NotSupportedException($"An index of type {index.GetType().Name} cannot be stored."),
    };
}
