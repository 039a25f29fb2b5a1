using System.Runtime.Intrinsics;
using EmbeddingGrpc.Numerics.Kernels;

namespace EmbeddingGrpc.Numerics.Tests.Kernels;

public sealed unsafe class SigmoidKernelTests
{
    private const double Tolerance = 2e-7;

    [Fact]
    public void Of_ScalarLane_IsWithinItsBound() => AssertWithinBound<LanesScalar, float>();

    [Fact]
    public void Of_EightLanes_IsWithinItsBound()
    {
        Assert.SkipUnless(Lanes256.IsSupported, "no AVX2");
        AssertWithinBound<Lanes256, Vector256<float>>();
    }

    [Fact]
    public void Of_SixteenLanes_IsWithinItsBound()
    {
        Assert.SkipUnless(Lanes512.IsSupported, "no AVX-512");
        AssertWithinBound<Lanes512, Vector512<float>>();
    }

    private static void AssertWithinBound<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        float* values = stackalloc float[16];
        float* results = stackalloc float[16];
        double worst = 0;
        for (double x = -40; x < 40; x += 0.00097)
        {
            new Span<float>(values, 16).Fill((float)x);
            TLanes.Store(SigmoidKernel.Of<TLanes, TVector>(TLanes.Load(values)), results);
            for (int lane = 0; lane < TLanes.Width; lane++)
            {
                worst = Math.Max(worst, Math.Abs(results[lane] - (1 / (1 + Math.Exp(-(double)(float)x)))));
            }
        }

        Assert.InRange(worst, 0, Tolerance);
        foreach (var (extreme, expected) in new[] { (float.MaxValue, 1f), (float.PositiveInfinity, 1f), (float.MinValue, 0f), (float.NegativeInfinity, 0f) })
        {
            new Span<float>(values, 16).Fill(extreme);
            TLanes.Store(SigmoidKernel.Of<TLanes, TVector>(TLanes.Load(values)), results);
            Assert.Equal(expected, results[0], 1e-12);
        }
    }
}
