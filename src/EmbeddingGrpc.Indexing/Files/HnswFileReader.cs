using EmbeddingGrpc.Indexing.Hnsw;
using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Indexing.Quantization;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Files;

/// <summary>Opens a graph that <see cref="HnswFileWriter"/> wrote.</summary>
internal static unsafe class HnswFileReader
{
    /// <summary>Opens a file over the table that it was built over.</summary>
    /// <exception cref="InvalidDataException">Not such a file, an unknown version, truncated, a broken checksum, or not of this table; says which.</exception>
    public static HnswIndex Read(string path, VectorTable table, IndexOpenOptions options)
    {
        using var file = new IndexFile(path);
        var header = file.Header;
        var rows = new VectorRows(table);
        ItemBits? deleted = null;
        CodeRows? codes = null;
        var layers = new List<GraphLayer>();
        try
        {
            Check(file, rows, path);
            file.VerifyWhatIsMapped(options);
            var capacity = IndexCapacity.For(rows.Base);
            var added = header.Items - header.BaseItems;
            rows.Load(added, region => file.Load(
                file.Section(SectionKind.AddedRows, 0, (long)added * rows.Stride * sizeof(float)), region, options));
            deleted = new ItemBits(capacity, header.Items, region => file.Load(
                file.Section(SectionKind.Deleted, 0, ItemBits.Words(header.Items) * sizeof(ulong)), region, options));
            var codec = ReadCodec(file);
            codes = new CodeRows(codec.Layout.Stride, capacity, region => file.Load(
                file.Section(SectionKind.Codes, 0, (long)header.Items * codec.Layout.Stride), region, options));
            for (var level = 0; level < header.Layers; level++)
            {
                layers.Add(ReadLayer(file, path, level, level == 0 ? header.Items : layers[^1].Count, capacity, options));
                if (level > 0) GraphValidation.CheckNodes(layers[^1], layers[^2], header.Items, path);
            }
            if (header.Entry < -1 || header.Entry >= layers[^1].Count || (header.Entry < 0 && header.Items > deleted.Count))
            {
                throw file.Corrupt($"its entry is node {header.Entry} of {layers[^1].Count}.");
            }
            var graph = new HnswGraph(codec, codes, [.. layers], header.Entry, header.Fitted);
            // A walk does not follow a link that leads out of its layer; choosing links anew would. So they are looked at before the first write, and opening does not wait for it.
            return new HnswIndex(graph, rows, deleted, header.Options, () => GraphValidation.CheckLinks(graph.Layers, path), ReadCalibration(file));
        }
        catch
        {
            rows.Dispose();
            deleted?.Dispose();
            codes?.Dispose();
            foreach (var layer in layers) layer.Dispose();
            throw;
        }
    }

    private static void Check(IndexFile file, VectorRows rows, string path)
    {
        var header = file.Header;
        if (header.Dimension != rows.Dimension || header.BaseItems != rows.Base)
        {
            throw new InvalidDataException(
                $"'{path}' is not of this table: it was built over {header.BaseItems} rows of {header.Dimension} floats, the table has {rows.Base} of {rows.Dimension}.");
        }
        if (header.TableFingerprint != TableFingerprint.Of(rows))
        {
            throw new InvalidDataException($"'{path}' is not of this table: the table's rows have other values.");
        }
        if (!Enum.IsDefined(header.Metric)
            || !Enum.IsDefined(header.Precision)
            || header.Items < header.BaseItems
            || header.Items > IndexCapacity.For(header.BaseItems)
            || header.Layers is < 1 or > LevelDraw.MaxLevel + 1
            || header.Options.M is < 2 or > 128
            || header.Options.EfSearch is < 1 or > 4096
            || header.Options.EfConstruction is < 8 or > 4096
            || header.Options.BuildThreads is < 0 or > 1024
            || header.Fitted < 0
            || !(header.HalfNormStep > 0 && float.IsFinite(header.HalfNormStep))
            || !float.IsFinite(header.LeastHalfNorm)
            || !(header.Radius >= 0 && float.IsFinite(header.Radius)))
        {
            throw file.Corrupt("its header has values that no index has.");
        }
    }

    private static PackedCodec ReadCodec(IndexFile file)
    {
        var header = file.Header;
        var values = header.Dimension;
        var mean = header.Metric == SimilarityMetric.Euclidean ? header.Dimension : 0;
        var floats = new float[(3 * values) + mean];
        fixed (float* destination = floats)
        {
            file.Read(file.Section(SectionKind.Codec, 0, (long)floats.Length * sizeof(float)), destination);
        }
        if (!floats.All(float.IsFinite)
            || !floats[values..(2 * values)].All(step => step > 0)
            || !floats[(2 * values)..(3 * values)].All(error => error >= 0))
        {
            throw file.Corrupt("its codec has values that no codec has.");
        }
        return new PackedCodec(
            header.Metric,
            header.Dimension,
            header.Precision,
            new PackedCodecValues(
                floats[..values],
                floats[values..(2 * values)],
                floats[(2 * values)..(3 * values)],
                floats[(3 * values)..],
                header.LeastHalfNorm,
                header.HalfNormStep,
                header.Radius));
    }

    private static RecallCalibration? ReadCalibration(IndexFile file)
    {
        var values = ReadDoubles(file, file.Section(SectionKind.Calibration, 0, null), 1 + RecallCalibration.Ladder.Length);
        var ofMany = ReadWhereThere(SectionKind.CalibrationOfMany, RecallCalibration.LadderOfMany.Length);
        var byMargin = ReadWhereThere(SectionKind.CalibrationByMargin, RecallCalibration.Margins.Length);
        var ofManyByMargin = ReadWhereThere(SectionKind.CalibrationOfManyByMargin, RecallCalibration.Margins.Length);
        if (values.Length == 0) return null;
        double[] recalls = [.. values.AsSpan(1), .. ofMany, .. byMargin, .. ofManyByMargin];
        if (values.Length == 1 || !(values[0] >= 0 && values[0] <= file.Header.Items) || !recalls.All(recall => recall is >= 0 and <= 1))
        {
            throw file.Corrupt("its calibration has values that none has.");
        }
        return new RecallCalibration((int)values[0], values.AsSpan(1), ofMany, byMargin, ofManyByMargin);

        double[] ReadWhereThere(SectionKind kind, int most) => file.Has(kind) ? ReadDoubles(file, file.Section(kind, 0, null), most) : [];
    }

    private static double[] ReadDoubles(IndexFile file, FileSection section, int most)
    {
        if (section.Length % sizeof(double) != 0 || section.Length > (long)most * sizeof(double)) throw file.Corrupt($"{section.Length} bytes of {section.Kind}.");
        var values = new double[section.Length / sizeof(double)];
        fixed (double* destination = values)
        {
            file.Read(section, destination);
        }
        return values;
    }

    private static GraphLayer ReadLayer(IndexFile file, string path, int level, int countBelow, long capacity, IndexOpenOptions options)
    {
        var degree = level == 0 ? 2 * file.Header.Options.M : file.Header.Options.M;
        if (level == 0) return Layer(file.Header.Items, null);

        var nodes = file.Section(SectionKind.Nodes, level, null);
        if (nodes.Length % (2 * sizeof(int)) != 0 || nodes.Length / (2 * sizeof(int)) > countBelow)
        {
            throw file.Corrupt($"{nodes.Length} bytes of nodes on layer {level}.");
        }
        return Layer((int)(nodes.Length / (2 * sizeof(int))), nodes);

        GraphLayer Layer(int count, FileSection? nodes)
        {
            var stride = GraphLayer.LinkStrideOf(degree);
            var links = file.Section(SectionKind.Links, level, (long)count * stride * sizeof(uint));
            // What leads from layer to layer is small and always verified: a search believes it.
            return new GraphLayer(
                level, degree, capacity, count, region => file.Load(links, region, options), region => file.Load(nodes!.Value, region, options with { Verified = true }));
        }
    }
}
