using System.IO.Hashing;
using EmbeddingGrpc.Indexing.Hnsw;
using EmbeddingGrpc.Indexing.Memory;

namespace EmbeddingGrpc.Indexing.Files;

/// <summary>Writes a graph to a file that <see cref="HnswFileReader"/> opens.</summary>
internal static unsafe class HnswFileWriter
{
    private const int BlockBytes = 1 << 20;

    /// <summary>Writes header and sections, in order, to a stream that need not seek.</summary>
    public static void Write(Stream destination, HnswGraph graph, VectorRows rows, HnswOptions options)
    {
        fixed (float* mean = graph.Codec.Mean)
        {
            var parts = new List<(SectionKind Kind, int Layer, nint Address, long Length)>();
            if (graph.Codec.Mean.Length > 0) parts.Add((SectionKind.Mean, 0, (nint)mean, graph.Codec.Mean.Length * sizeof(float)));
            parts.Add((SectionKind.Codes, 0, (nint)graph.Codes.Pointer, (long)rows.Count * graph.Codes.Stride));
            foreach (var layer in graph.Layers)
            {
                parts.Add((SectionKind.Links, layer.Level, (nint)layer.Links, (long)layer.Count * layer.LinkStride * sizeof(uint)));
                if (layer.Level > 0) parts.Add((SectionKind.Nodes, layer.Level, (nint)layer.Nodes, (long)layer.Count * 2 * sizeof(int)));
            }

            var sections = new List<FileSection>(parts.Count);
            long offset = HnswFileHeader.SizeBytes;
            foreach (var (kind, layer, address, length) in parts)
            {
                offset = FileSection.Align(offset);
                sections.Add(new FileSection(kind, layer, offset, length, Checksum((byte*)address, length)));
                offset += length;
            }
            var header = new HnswFileHeader
            {
                Metric = graph.Codec.Metric,
                Dimension = rows.Dimension,
                Items = rows.Count,
                Layers = graph.Layers.Length,
                Entry = graph.Entry,
                Step = graph.Codec.Step,
                Radius = graph.Codec.Radius,
                Options = options,
                TableFingerprint = TableFingerprint.Of(rows),
                FileBytes = offset,
                Sections = sections,
            };

            var page = new byte[HnswFileHeader.SizeBytes];
            header.Write(page);
            destination.Write(page);
            long written = page.Length;
            Array.Clear(page);
            for (var i = 0; i < parts.Count; i++)
            {
                destination.Write(page.AsSpan(0, (int)(sections[i].Offset - written)));
                for (long at = 0; at < parts[i].Length; at += BlockBytes)
                {
                    destination.Write(new ReadOnlySpan<byte>((byte*)parts[i].Address + at, (int)Math.Min(BlockBytes, parts[i].Length - at)));
                }
                written = sections[i].Offset + sections[i].Length;
            }
        }
    }

    private static ulong Checksum(byte* bytes, long length)
    {
        var hash = new XxHash3();
        for (long at = 0; at < length; at += BlockBytes) hash.Append(new ReadOnlySpan<byte>(bytes + at, (int)Math.Min(BlockBytes, length - at)));
        return hash.GetCurrentHashAsUInt64();
    }
}
