using System.IO.Hashing;
using EmbeddingGrpc.Indexing.Hnsw;
using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Indexing.Quantization;
using Microsoft.Win32.SafeHandles;

namespace EmbeddingGrpc.Indexing.Files;

/// <summary>Opens a graph that <see cref="HnswFileWriter"/> wrote, and believes nothing that it has not checked.</summary>
internal static unsafe class HnswFileReader
{
    private const int BlockBytes = 1 << 20;

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">Not such a file, an unknown version, truncated, a broken checksum, or not of this table; says which.</exception>
    public static HnswIndex Read(string path, VectorRows rows)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        var fileBytes = RandomAccess.GetLength(file);
        var page = new byte[(int)Math.Min(fileBytes, HnswFileHeader.SizeBytes)];
        ReadExactly(file, page, 0, path);
        var header = HnswFileHeader.Read(page, fileBytes, path);
        Check(header, rows, path);

        var mean = new float[header.Metric == SimilarityMetric.Euclidean ? header.Dimension : 0];
        fixed (float* values = mean)
        {
            if (mean.Length > 0) Load(file, Section(header, SectionKind.Mean, 0, (long)mean.Length * sizeof(float), path), (byte*)values, path);
        }
        var codec = new Codec(header.Metric, header.Dimension, header.Step, header.Radius, mean);
        var capacity = GraphCapacity.For(header.Items);
        CodeRows? codes = null;
        var layers = new List<GraphLayer>();
        try
        {
            var codeSection = Section(header, SectionKind.Codes, 0, (long)header.Items * codec.Stride, path);
            codes = new CodeRows(codec.Stride, capacity, header.Items);
            Load(file, codeSection, codes.Pointer, path);
            for (var level = 0; level < header.Layers; level++)
            {
                layers.Add(ReadLayer(file, header, level, level == 0 ? header.Items : layers[^1].Count, capacity, path));
                GraphValidation.Check(layers[^1], level == 0 ? null : layers[^2], header.Items, path);
            }
            if (header.Entry < -1 || header.Entry >= layers[^1].Count || (header.Entry < 0) != (header.Items == 0))
            {
                throw new InvalidDataException($"'{path}' is corrupt: its entry is node {header.Entry} of {layers[^1].Count}.");
            }
            return new HnswIndex(new HnswGraph(codec, codes, [.. layers], header.Entry), rows, header.Options);
        }
        catch
        {
            codes?.Dispose();
            foreach (var layer in layers) layer.Dispose();
            throw;
        }
    }

    private static void Check(HnswFileHeader header, VectorRows rows, string path)
    {
        if (header.Dimension != rows.Dimension || header.Items != rows.Count || header.TableFingerprint != TableFingerprint.Of(rows))
        {
            throw new InvalidDataException(
                $"'{path}' is not of this table: it was built over {header.Items} rows of {header.Dimension} floats, the table has {rows.Count} of {rows.Dimension}{(header.Items == rows.Count && header.Dimension == rows.Dimension ? " with other values" : "")}.");
        }
        if (!Enum.IsDefined(header.Metric)
            || header.Layers is < 1 or > LevelDraw.MaxLevel + 1
            || header.Options.M is < 2 or > 128
            || header.Options.EfSearch is < 1 or > 4096
            || header.Options.EfConstruction is < 8 or > 4096
            || !(header.Step > 0)
            || !float.IsFinite(header.Step)
            || !float.IsFinite(header.Radius))
        {
            throw new InvalidDataException($"'{path}' is corrupt: its header has values that no index has.");
        }
    }

    private static GraphLayer ReadLayer(SafeFileHandle file, HnswFileHeader header, int level, int countBelow, long capacity, string path)
    {
        var degree = level == 0 ? 2 * header.Options.M : header.Options.M;
        var nodeBytes = GraphLayer.LinkStrideOf(degree) * sizeof(uint);
        var count = header.Items;
        if (level > 0)
        {
            var length = Section(header, SectionKind.Nodes, level, null, path).Length;
            if (length % (2 * sizeof(int)) != 0 || length / (2 * sizeof(int)) > countBelow)
            {
                throw new InvalidDataException($"'{path}' is corrupt: {length} bytes of nodes on layer {level}.");
            }
            count = (int)(length / (2 * sizeof(int)));
        }
        var links = Section(header, SectionKind.Links, level, (long)count * nodeBytes, path);
        var layer = new GraphLayer(level, degree, capacity, count);
        try
        {
            Load(file, links, (byte*)layer.Links, path);
            if (level > 0) Load(file, Section(header, SectionKind.Nodes, level, (long)count * 2 * sizeof(int), path), (byte*)layer.Nodes, path);
            return layer;
        }
        catch
        {
            layer.Dispose();
            throw;
        }
    }

    private static FileSection Section(HnswFileHeader header, SectionKind kind, int layer, long? length, string path)
    {
        foreach (var section in header.Sections)
        {
            if (section.Kind != kind || section.Layer != layer) continue;
            if (section.Offset < HnswFileHeader.SizeBytes
                || section.Offset % FileSection.Alignment != 0
                || section.Length < 0
                || section.Length > header.FileBytes
                || section.Offset > header.FileBytes - section.Length
                || (length is { } wanted && section.Length != wanted))
            {
                throw new InvalidDataException($"'{path}' is corrupt: its section of {kind} of layer {layer} has {section.Length} bytes at {section.Offset}.");
            }
            return section;
        }
        throw new InvalidDataException($"'{path}' is corrupt: it has no section of {kind} of layer {layer}.");
    }

    private static void Load(SafeFileHandle file, FileSection section, byte* destination, string path)
    {
        var hash = new XxHash3();
        for (long at = 0; at < section.Length; at += BlockBytes)
        {
            var block = new Span<byte>(destination + at, (int)Math.Min(BlockBytes, section.Length - at));
            ReadExactly(file, block, section.Offset + at, path);
            hash.Append(block);
        }
        if (hash.GetCurrentHashAsUInt64() != section.Checksum)
        {
            throw new InvalidDataException($"'{path}' is corrupt: the checksum of its section of {section.Kind} of layer {section.Layer} does not match.");
        }
    }

    private static void ReadExactly(SafeFileHandle file, Span<byte> destination, long offset, string path)
    {
        while (destination.Length > 0)
        {
            var read = RandomAccess.Read(file, destination, offset);
            if (read == 0) throw new InvalidDataException($"'{path}' is truncated: it ended at byte {offset} while being read.");
            destination = destination[read..];
            offset += read;
        }
    }
}
