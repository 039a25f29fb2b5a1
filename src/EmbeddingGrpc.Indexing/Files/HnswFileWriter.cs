using EmbeddingGrpc.Indexing.Hnsw;
using EmbeddingGrpc.Indexing.Memory;

namespace EmbeddingGrpc.Indexing.Files;

/// <summary>Writes a graph to a file that <see cref="HnswFileReader"/> opens.</summary>
internal static unsafe class HnswFileWriter
{
    private const int BlockBytes = 1 << 20;

    /// <summary>Writes header and sections, in order, to a stream that need not seek. No one may write to the graph meanwhile.</summary>
    public static void Write(Stream destination, HnswGraph graph, VectorRows rows, ItemBits deleted, HnswOptions options, RecallCalibration? calibration)
    {
        float[] codec = [.. graph.Codec.Values.Lows, .. graph.Codec.Values.Steps, .. graph.Codec.Values.Errors, .. graph.Codec.Values.Mean];
        double[] measured = calibration is null ? [] : [calibration.Items, .. calibration.Recalls];
        double[] measuredOfMany = calibration is null ? [] : [.. calibration.RecallsOfMany];
        double[] measuredByMargin = calibration is null ? [] : [.. calibration.RecallsByMargin];
        double[] measuredOfManyByMargin = calibration is null ? [] : [.. calibration.RecallsOfManyByMargin];
        fixed (float* values = codec)
        fixed (double* recalls = measured, recallsOfMany = measuredOfMany, byMargin = measuredByMargin, ofManyByMargin = measuredOfManyByMargin)
        {
            var parts = new List<Part> { new(SectionKind.Codec, 0, values, (long)codec.Length * sizeof(float)) };
            parts.Add(new(SectionKind.Codes, 0, graph.Codes.Pointer, (long)rows.Count * graph.Codes.Stride));
            foreach (var layer in graph.Layers)
            {
                parts.Add(new(SectionKind.Links, layer.Level, layer.Links, (long)layer.Count * layer.LinkStride * sizeof(uint)));
                if (layer.Level > 0) parts.Add(new(SectionKind.Nodes, layer.Level, layer.Nodes, (long)layer.Count * 2 * sizeof(int)));
            }
            parts.Add(new(SectionKind.AddedRows, 0, rows.AddedPointer, (long)rows.Added * rows.Stride * sizeof(float)));
            parts.Add(new(SectionKind.Deleted, 0, deleted.Pointer, ItemBits.Words(rows.Count) * sizeof(ulong)));
            parts.Add(new(SectionKind.Calibration, 0, recalls, (long)measured.Length * sizeof(double)));
            parts.Add(new(SectionKind.CalibrationOfMany, 0, recallsOfMany, (long)measuredOfMany.Length * sizeof(double)));
            parts.Add(new(SectionKind.CalibrationByMargin, 0, byMargin, (long)measuredByMargin.Length * sizeof(double)));
            parts.Add(new(SectionKind.CalibrationOfManyByMargin, 0, ofManyByMargin, (long)measuredOfManyByMargin.Length * sizeof(double)));

            var sections = new List<FileSection>(parts.Count);
            long offset = HnswFileHeader.SizeBytes;
            foreach (var part in parts)
            {
                offset = FileSection.Align(offset);
                sections.Add(new FileSection(part.Kind, part.Layer, offset, part.Length, part.Checksum()));
                offset += part.Length;
            }
            var header = new HnswFileHeader
            {
                Metric = graph.Codec.Metric,
                Dimension = rows.Dimension,
                BaseItems = rows.Base,
                Items = rows.Count,
                Layers = graph.Layers.Length,
                Entry = graph.Entry,
                Fitted = graph.Fitted,
                LeastHalfNorm = graph.Codec.Values.LeastHalfNorm,
                HalfNormStep = graph.Codec.Values.HalfNormStep,
                Radius = graph.Codec.Radius,
                Precision = graph.Codec.Precision,
                Options = options,
                TableFingerprint = TableFingerprint.Of(rows),
                FileBytes = offset,
                Sections = sections,
            };
            WriteAll(destination, header, parts);
        }
    }

    private static void WriteAll(Stream destination, HnswFileHeader header, List<Part> parts)
    {
        var page = new byte[HnswFileHeader.SizeBytes];
        header.Write(page);
        destination.Write(page);
        long written = page.Length;
        Array.Clear(page);
        for (var i = 0; i < parts.Count; i++)
        {
            destination.Write(page.AsSpan(0, (int)(header.Sections[i].Offset - written)));
            for (long at = 0; at < parts[i].Length; at += BlockBytes) destination.Write(parts[i].Block(at));
            written = header.Sections[i].Offset + parts[i].Length;
        }
    }

    /// <summary>Memory that becomes a section.</summary>
    private sealed class Part(SectionKind kind, int layer, void* address, long length)
    {
        public SectionKind Kind { get; } = kind;

        public int Layer { get; } = layer;

        public long Length { get; } = length;

        public ReadOnlySpan<byte> Block(long at) => new((byte*)address + at, (int)Math.Min(BlockBytes, Length - at));

        public ulong Checksum() => SectionChecksum.Of((byte*)address, Length);
    }
}
