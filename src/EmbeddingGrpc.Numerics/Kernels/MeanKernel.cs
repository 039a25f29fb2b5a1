using System.Runtime.CompilerServices;

namespace EmbeddingGrpc.Numerics.Kernels;

/// <summary>The weighted mean of rows, and a change of that mean spread over them.</summary>
internal static unsafe class MeanKernel
{
    /// <summary><c>mean = scale · Σ weights[r] · rows[r]</c>, one register's width of all rows at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gather<TLanes, TVector>(float** rows, float* weights, int count, float scale, float* mean, int length)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        for (nint i = 0; i < length; i += TLanes.Width)
        {
            var sum = TLanes.Zero;
            for (int r = 0; r < count; r++)
            {
                sum = TLanes.MultiplyAdd(TLanes.Broadcast(weights[r]), TLanes.Load(rows[r] + i), sum);
            }

            TLanes.Store(TLanes.Multiply(sum, TLanes.Broadcast(scale)), mean + i);
        }
    }

    /// <summary><c>rows[r] += scale · weights[r] · (after - before)</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Spread<TLanes, TVector>(float* after, float* before, float** rows, float* weights, int count, float scale, int length)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        for (nint i = 0; i < length; i += TLanes.Width)
        {
            var change = TLanes.Multiply(TLanes.Subtract(TLanes.Load(after + i), TLanes.Load(before + i)), TLanes.Broadcast(scale));
            for (int r = 0; r < count; r++)
            {
                TLanes.Store(TLanes.MultiplyAdd(TLanes.Broadcast(weights[r]), change, TLanes.Load(rows[r] + i)), rows[r] + i);
            }
        }
    }
}
