using System.Globalization;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models.Files;

/// <summary>Reads generations back, checking every byte before one is trusted. Stateless.</summary>
internal static class GenerationLoader
{
    /// <summary>Reads the manifest alone.</summary>
    /// <param name="directory">The generation's directory.</param>
    /// <exception cref="GenerationFileException">It cannot be used; says which file and why.</exception>
    public static GenerationManifest ReadManifest(string directory)
    {
        var path = Path.Combine(directory, GenerationManifest.FileName);
        var manifest = GenerationManifest.Read(path);
        var known = GenerationName.TryParse(Path.GetFileName(directory), out var name);
        if (!known || name.Number != manifest.Number || GenerationInfo.TextOf(name.Id) != manifest.Id)
        {
            throw new GenerationFileException(path, $"it describes generation {manifest.Number} ({manifest.Id}), not the one its directory is named for.");
        }

        return manifest;
    }

    /// <summary>What is told of a generation on disk.</summary>
    public static GenerationInfo InfoOf(GenerationManifest manifest) => new()
    {
        Id = ulong.Parse(manifest.Id, NumberStyles.HexNumber, CultureInfo.InvariantCulture),
        Number = manifest.Number,
        CreateTime = manifest.CreateTime,
        TrainedOffset = new LogOffset(manifest.TrainedOffset),
        ItemCount = manifest.ItemCount,
        Dimension = manifest.Dimension,
        Metrics = manifest.Metrics,
        Options = manifest.Options,
        Promotion = manifest.Promotion,
    };

    /// <summary>Loads a generation. The caller owns the parts.</summary>
    /// <param name="directory">The generation's directory.</param>
    /// <param name="options">How its indexes are opened, and whether tables of vectors are mapped.</param>
    /// <param name="cancellationToken">Checked between files.</param>
    /// <exception cref="GenerationFileException">It cannot be used; says which file and why.</exception>
    public static GenerationParts Load(string directory, IndexOpenOptions? options = null, CancellationToken cancellationToken = default)
    {
        var manifest = ReadManifest(directory);
        foreach (var file in manifest.Files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            file.Verify(directory);
        }

        options ??= new IndexOpenOptions();
        var opened = new Stack<IDisposable>();
        try
        {
            var vocabulary = Open(directory, GenerationFileNames.Vocabulary, Vocabulary.Load);
            var input = Hold(opened, OpenTable(directory, GenerationFileNames.Input, options));
            var info = InfoOf(manifest);
            var output = info.PredictsNext ? Hold(opened, OpenTable(directory, GenerationFileNames.Output, options)) : null;
            var similarity = manifest.HasSimilaritySpace ? Hold(opened, OpenTable(directory, GenerationFileNames.Similarity, options)) : null;
            var similar = Hold(opened, OpenIndex(directory, GenerationFileNames.Similar, manifest.Similar, similarity ?? input, SimilarityMetric.Cosine, options));
            var next = output is null ? null : Hold(opened, OpenIndex(directory, GenerationFileNames.Next, NextKindOf(directory, manifest), output, SimilarityMetric.DotProduct, options));
            RequireShape(
                directory, info, vocabulary, (GenerationFileNames.Input, input), (GenerationFileNames.Output, output ?? input), (GenerationFileNames.Similarity, similarity ?? input));
            return new GenerationParts
            {
                Id = info.Id,
                Number = info.Number,
                CreateTime = info.CreateTime,
                TrainedOffset = info.TrainedOffset,
                Vocabulary = vocabulary,
                Input = input,
                Output = output,
                Similarity = similarity,
                Similar = similar,
                Next = next,
                Metrics = info.Metrics,
                Options = info.Options,
                Promotion = info.Promotion,
            };
        }
        catch
        {
            foreach (var part in opened) part.Dispose();
            throw;
        }
    }

    private static IndexKind NextKindOf(string directory, GenerationManifest manifest) =>
        manifest.Next ?? throw new GenerationFileException(Path.Combine(directory, GenerationManifest.FileName), "it does not say how W2 is searched.");

    private static VectorTable OpenTable(string directory, string file, IndexOpenOptions options) =>
        Open(directory, file, path => VectorTable.Open(path, options.Mapped));

    private static IVectorIndex OpenIndex(string directory, string file, IndexKind kind, VectorTable vectors, SimilarityMetric metric, IndexOpenOptions options)
    {
        IVectorIndex index = kind switch
        {
            IndexKind.Exact => new ExactIndex(vectors, metric),
            IndexKind.Hnsw => Open(directory, file, path => HnswIndex.Open(path, vectors, options)),
            _ => throw new GenerationFileException(Path.Combine(directory, GenerationManifest.FileName), $"index kind {kind} is not known."),
        };
        if (index.Metric == metric) return index;
        index.Dispose();
        throw new GenerationFileException(Path.Combine(directory, file), $"it is an index by {index.Metric}, not by {metric}.");
    }

    private static void RequireShape(string directory, GenerationInfo info, Vocabulary vocabulary, params ReadOnlySpan<(string File, VectorTable Table)> tables)
    {
        Require(GenerationFileNames.Vocabulary, vocabulary.Count == info.ItemCount, $"it has {vocabulary.Count} items");
        foreach (var (file, table) in tables)
        {
            Require(file, table.Rows == info.ItemCount && table.Dimension == info.Dimension, $"it is [{table.Rows}, {table.Dimension}]");
        }

        void Require(string file, bool holds, string found)
        {
            if (!holds) throw new GenerationFileException(Path.Combine(directory, file), $"{found} where the manifest says [{info.ItemCount}, {info.Dimension}].");
        }
    }

    private static T Open<T>(string directory, string file, Func<string, T> open)
    {
        var path = Path.Combine(directory, file);
        try
        {
            return open(path);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new GenerationFileException(path, e.Message, e);
        }
    }

    private static T Hold<T>(Stack<IDisposable> opened, T part)
        where T : IDisposable
    {
        opened.Push(part);
        return part;
    }
}
