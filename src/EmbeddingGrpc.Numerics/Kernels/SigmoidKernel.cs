using System.Runtime.CompilerServices;

namespace EmbeddingGrpc.Numerics.Kernels;

/// <summary>The logistic function on one register.</summary>
internal static class SigmoidKernel
{
    /// <summary>
    /// 1 / (1 + e^-x), within 2e-7 of the truth everywhere; values beyond ±30 are taken as ±30, where it is 0 or 1 to float precision. NaN
    /// does not stay NaN: rows are finite by the caller's contract.
    /// </summary>
    /// <remarks>
    /// e^-x = 2^n · 2^f with n whole and f in [-1/2, 1/2]; 2^f is the Taylor polynomial of e^(f ln 2) of degree six, whose relative error
    /// on that interval is below 1.3e-7, about float's own.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Of<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        var power = TLanes.Multiply(
            TLanes.Clamp(x, TLanes.Broadcast(-30f), TLanes.Broadcast(30f)), TLanes.Broadcast(-1.44269504088896f));
        var whole = TLanes.Round(power);
        var f = TLanes.Subtract(power, whole);
        var e = TLanes.Broadcast(1.5403530393381608e-4f);
        e = TLanes.MultiplyAdd(e, f, TLanes.Broadcast(1.3333558146428443e-3f));
        e = TLanes.MultiplyAdd(e, f, TLanes.Broadcast(9.618129107628477e-3f));
        e = TLanes.MultiplyAdd(e, f, TLanes.Broadcast(5.550410866482158e-2f));
        e = TLanes.MultiplyAdd(e, f, TLanes.Broadcast(2.402265069591007e-1f));
        e = TLanes.MultiplyAdd(e, f, TLanes.Broadcast(6.931471805599453e-1f));
        e = TLanes.MultiplyAdd(e, f, TLanes.Broadcast(1f));
        var one = TLanes.Broadcast(1f);
        return TLanes.Divide(one, TLanes.MultiplyAdd(e, TLanes.PowerOfTwo(whole), one));
    }
}
