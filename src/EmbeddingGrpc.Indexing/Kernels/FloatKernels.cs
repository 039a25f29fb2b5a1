using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EmbeddingGrpc.Indexing.Kernels;

/// <summary>
/// Products of a query with one row of floats. Both are padded with zeros to a multiple of <see cref="Block"/> floats, so that there is no
/// tail to handle. Sums are kept in several lanes and added at the end; the order is fixed for an instruction set.
/// </summary>
internal static unsafe class FloatKernels
{
    /// <summary>Rows are padded to a multiple of this many floats.</summary>
    public const int Block = 16;

    /// <summary><c>a · b</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Dot(float* a, float* b, int paddedLength)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            var even = Vector512<float>.Zero;
            var odd = Vector512<float>.Zero;
            var i = 0;
            for (; i + 32 <= paddedLength; i += 32)
            {
                even = Vector512.FusedMultiplyAdd(Vector512.Load(a + i), Vector512.Load(b + i), even);
                odd = Vector512.FusedMultiplyAdd(Vector512.Load(a + i + 16), Vector512.Load(b + i + 16), odd);
            }
            if (i < paddedLength) even = Vector512.FusedMultiplyAdd(Vector512.Load(a + i), Vector512.Load(b + i), even);
            return Vector512.Sum(even + odd);
        }
        if (Vector256.IsHardwareAccelerated)
        {
            var even = Vector256<float>.Zero;
            var odd = Vector256<float>.Zero;
            for (var i = 0; i < paddedLength; i += 16)
            {
                even = Vector256.MultiplyAddEstimate(Vector256.Load(a + i), Vector256.Load(b + i), even);
                odd = Vector256.MultiplyAddEstimate(Vector256.Load(a + i + 8), Vector256.Load(b + i + 8), odd);
            }
            return Vector256.Sum(even + odd);
        }
        return ScalarDot(a, b, paddedLength);
    }

    /// <summary><c>a · b</c> and <c>b · b</c> in one pass: the cosine of a row whose norm is not kept.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float DotAndSquaredNorm(float* a, float* b, int paddedLength, out float squaredNorm)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            var dot = Vector512<float>.Zero;
            var norm = Vector512<float>.Zero;
            for (var i = 0; i < paddedLength; i += 16)
            {
                var row = Vector512.Load(b + i);
                dot = Vector512.FusedMultiplyAdd(Vector512.Load(a + i), row, dot);
                norm = Vector512.FusedMultiplyAdd(row, row, norm);
            }
            squaredNorm = Vector512.Sum(norm);
            return Vector512.Sum(dot);
        }
        if (Vector256.IsHardwareAccelerated)
        {
            var dot = Vector256<float>.Zero;
            var norm = Vector256<float>.Zero;
            for (var i = 0; i < paddedLength; i += 8)
            {
                var row = Vector256.Load(b + i);
                dot = Vector256.MultiplyAddEstimate(Vector256.Load(a + i), row, dot);
                norm = Vector256.MultiplyAddEstimate(row, row, norm);
            }
            squaredNorm = Vector256.Sum(norm);
            return Vector256.Sum(dot);
        }
        squaredNorm = ScalarDot(b, b, paddedLength);
        return ScalarDot(a, b, paddedLength);
    }

    /// <summary><c>|a - b|²</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float SquaredDistance(float* a, float* b, int paddedLength)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            var sum = Vector512<float>.Zero;
            for (var i = 0; i < paddedLength; i += 16)
            {
                var difference = Vector512.Load(a + i) - Vector512.Load(b + i);
                sum = Vector512.FusedMultiplyAdd(difference, difference, sum);
            }
            return Vector512.Sum(sum);
        }
        if (Vector256.IsHardwareAccelerated)
        {
            var sum = Vector256<float>.Zero;
            for (var i = 0; i < paddedLength; i += 8)
            {
                var difference = Vector256.Load(a + i) - Vector256.Load(b + i);
                sum = Vector256.MultiplyAddEstimate(difference, difference, sum);
            }
            return Vector256.Sum(sum);
        }
        return ScalarSquaredDistance(a, b, paddedLength);
    }

    /// <summary>The scalar twin of <see cref="Dot"/>, four sums so that no chain of additions limits it.</summary>
    internal static float ScalarDot(float* a, float* b, int length)
    {
        float s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        var i = 0;
        for (; i + 4 <= length; i += 4)
        {
            s0 += a[i] * b[i];
            s1 += a[i + 1] * b[i + 1];
            s2 += a[i + 2] * b[i + 2];
            s3 += a[i + 3] * b[i + 3];
        }
        for (; i < length; i++) s0 += a[i] * b[i];
        return s0 + s1 + (s2 + s3);
    }

    /// <summary>The scalar twin of <see cref="SquaredDistance"/>.</summary>
    internal static float ScalarSquaredDistance(float* a, float* b, int length)
    {
        float sum = 0;
        for (var i = 0; i < length; i++)
        {
            var difference = a[i] - b[i];
            sum += difference * difference;
        }
        return sum;
    }

    /// <summary>Rounds up to whole blocks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Padded(int length) => (length + Block - 1) & ~(Block - 1);
}
