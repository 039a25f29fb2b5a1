using EmbeddingGrpc.Indexing.Kernels;

namespace EmbeddingGrpc.Indexing.Tests.Kernels;

public sealed unsafe class FloatKernelsTests
{
    [Fact]
    public void AllProducts_EveryLength_AgreeWithDoublePrecision()
    {
        var random = new Random(1);
        using var a = new AlignedBuffer(144 * sizeof(float));
        using var b = new AlignedBuffer(144 * sizeof(float));
        for (var length = 0; length <= 130; length++)
        {
            var padded = FloatKernels.Padded(length);
            a.Clear();
            b.Clear();
            double dot = 0, norm = 0, distance = 0, magnitude = 0;
            for (var i = 0; i < length; i++)
            {
                var (x, y) = ((float)(random.NextDouble() - 0.5), (float)(random.NextDouble() - 0.5));
                a.Floats[i] = x;
                b.Floats[i] = y;
                dot += (double)x * y;
                norm += (double)y * y;
                distance += ((double)x - y) * ((double)x - y);
                magnitude += Math.Abs((double)x * y);
            }
            var tolerance = 1e-6 * (1 + magnitude + norm + distance);
            Assert.Equal(dot, FloatKernels.Dot(a.Floats, b.Floats, padded), tolerance);
            Assert.Equal(dot, FloatKernels.DotAndSquaredNorm(a.Floats, b.Floats, padded, out var squaredNorm), tolerance);
            Assert.Equal(norm, squaredNorm, tolerance);
            Assert.Equal(distance, FloatKernels.SquaredDistance(a.Floats, b.Floats, padded), tolerance);
            Assert.Equal(dot, FloatKernels.ScalarDot(a.Floats, b.Floats, length), tolerance);
            Assert.Equal(distance, FloatKernels.ScalarSquaredDistance(a.Floats, b.Floats, length), tolerance);
        }
    }
}
