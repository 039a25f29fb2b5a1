using EmbeddingGrpc.Indexing.Hnsw;
using EmbeddingGrpc.Indexing.Kernels;
using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Indexing.Quantization;
using EmbeddingGrpc.Indexing.Tests.Kernels;

namespace EmbeddingGrpc.Indexing.Tests.Quantization;

public sealed unsafe class PackedCodecTests
{
    [Theory]
    [InlineData(40)]
    [InlineData(70)]
    [InlineData(100)]
    [InlineData(200)]
    public void EncodeQuery_AgainstEncodedRows_GivesTheirProductsUpToOneConstant(int dimension)
    {
        var vectors = TestVectors.Clustered(500, dimension, seed: dimension);
        using var table = TestVectors.Table(vectors, dimension);
        using var rows = new VectorRows(table);
        var codec = PackedCodecFitter.Fit(rows, SimilarityMetric.DotProduct, [], radius: 100, CodePrecision.FewestLines, new BuildThreads(2, rows.Count), TestContext.Current.CancellationToken);
        using var codes = new AlignedBuffer(500 * codec.Layout.Stride);
        using var scratch = new AlignedBuffer(4 * dimension);
        using var values = new AlignedBuffer(codec.Layout.QueryBytes);
        for (var i = 0; i < 500; i++) codec.Encode(rows.Row(i), codes.Bytes + (i * codec.Layout.Stride), scratch.Floats);
        var products = stackalloc int[4];
        foreach (var item in (int[])[0, 17, 333])
        {
            var query = codec.EncodeQuery(rows.Row(item), asRow: false, values.Signed, scratch.Floats);
            var exact = new double[500];
            var coded = new double[500];
            for (var i = 0; i < 500; i++)
            {
                exact[i] = Oracle.Score(SimilarityMetric.DotProduct, vectors[item], vectors[i]);
                var number = (uint)i;
                PackedKernels.Products(codes.Bytes, codec.Layout, &number, 1, query.Pointer, products);
                coded[i] = products[0] * query.Scale;
            }
            var offset = exact.Average() - coded.Average();
            var errors = exact.Zip(coded, (e, c) => e - c - offset).ToArray();
            var deviation = Math.Sqrt(exact.Average(e => Math.Pow(e - exact.Average(), 2)));
            // Five bits lose a few hundredths of what products differ by.
            Assert.InRange(Math.Sqrt(errors.Average(e => e * e)), 0, 0.04 * deviation);
        }
    }

    public static TheoryData<SimilarityMetric, string> MetricsAndPrecisions
    {
        get
        {
            var data = new TheoryData<SimilarityMetric, string>();
            foreach (var metric in (SimilarityMetric[])[SimilarityMetric.Cosine, SimilarityMetric.Euclidean])
            {
                foreach (var precision in Enum.GetNames<CodePrecision>()) data.Add(metric, precision);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(MetricsAndPrecisions))]
    public void EncodeQuery_Origin_MakesAWalksMeasureHalfTheSquaredDistance(SimilarityMetric metric, string precision)
    {
        const int dimension = 24;
        var vectors = TestVectors.Clustered(300, dimension, seed: 3);
        var mean = new float[metric == SimilarityMetric.Euclidean ? dimension : 0];
        for (var i = 0; i < mean.Length; i++) mean[i] = vectors.Average(vector => vector[i]);
        using var table = TestVectors.Table(vectors, dimension);
        using var rows = new VectorRows(table);
        var codec = PackedCodecFitter.Fit(rows, metric, mean, radius: 0, Enum.Parse<CodePrecision>(precision), new BuildThreads(2, rows.Count), TestContext.Current.CancellationToken);
        using var codes = new AlignedBuffer(300 * codec.Layout.Stride);
        using var scratch = new AlignedBuffer(4 * dimension);
        using var values = new AlignedBuffer(codec.Layout.QueryBytes);
        for (var i = 0; i < 300; i++) codec.Encode(rows.Row(i), codes.Bytes + (i * codec.Layout.Stride), scratch.Floats);
        var keys = stackalloc int[4];
        foreach (var item in (int[])[0, 17, 222])
        {
            var query = codec.EncodeQuery(rows.Row(item), asRow: false, values.Signed, scratch.Floats);
            var expected = new double[300];
            var errors = new double[300];
            for (uint i = 0; i < 300; i++)
            {
                expected[i] = metric == SimilarityMetric.Euclidean
                    ? vectors[item].Zip(vectors[(int)i], (a, b) => (double)(a - b) * (a - b)).Sum() / 2
                    : 1 - Oracle.Score(metric, vectors[item], vectors[(int)i]);
                if (metric == SimilarityMetric.Euclidean) PackedEuclideanKeys.Compute(codes.Bytes, &i, 1, query, keys);
                else PackedSphereKeys.Compute(codes.Bytes, &i, 1, query, keys);
                var distance = metric == SimilarityMetric.Euclidean ? PackedEuclideanKeys.Distance(keys[0], query) : PackedSphereKeys.Distance(keys[0], query);
                errors[i] = distance + query.Origin - expected[i];
            }
            // The errors of the codes have no mean to speak of; a wrong origin would be one.
            Assert.InRange(errors.Average(), -0.01 * expected.Average(), 0.01 * expected.Average());
            Assert.All(errors, error => Assert.InRange(Math.Abs(error), 0, 0.1 * expected.Average()));
        }
    }

    [Theory]
    [InlineData(SimilarityMetric.Cosine)]
    [InlineData(SimilarityMetric.DotProduct)]
    [InlineData(SimilarityMetric.Euclidean)]
    public void Fit_RowsWithoutAnyRange_GivesACodecThatWorks(SimilarityMetric metric)
    {
        foreach (var rowsOf in (float[][][])[[], [[0, 0, 0]], [[1, 2, 3], [1, 2, 3]], [[1e18f, -1e18f, 0]], [[1e-40f, 0, 0]]])
        {
            using var table = TestVectors.Table(rowsOf, 3);
            using var rows = new VectorRows(table);
            var codec = PackedCodecFitter.Fit(rows, metric, metric == SimilarityMetric.Euclidean ? new float[3] : [], radius: 1, CodePrecision.FewestLines, new BuildThreads(2, rows.Count), TestContext.Current.CancellationToken);
            Assert.All(codec.Values.Steps, step => Assert.True(step > 0 && float.IsFinite(step)));
            Assert.All(codec.Values.Lows, low => Assert.True(float.IsFinite(low)));
            Assert.True(codec.Values.HalfNormStep > 0 && float.IsFinite(codec.Values.HalfNormStep));
        }
    }
}
