using System.Runtime.Intrinsics;

namespace EmbeddingGrpc.Numerics.Kernels;

/// <summary>
/// The few operations the training kernels are written in, for one register width. The kernels are generic over it, so that every
/// instruction set runs the same expression; the compiler specialises and inlines them for each width.
/// </summary>
internal unsafe interface ILanes<TVector>
    where TVector : struct
{
    /// <summary>Floats in a register; divides 16.</summary>
    static abstract int Width { get; }

    static abstract TVector Zero { get; }

    static abstract TVector Load(float* source);

    static abstract void Store(TVector value, float* destination);

    static abstract TVector Broadcast(float value);

    static abstract TVector Add(TVector a, TVector b);

    /// <summary>a - b.</summary>
    static abstract TVector Subtract(TVector a, TVector b);

    static abstract TVector Multiply(TVector a, TVector b);

    /// <summary>a / b.</summary>
    static abstract TVector Divide(TVector a, TVector b);

    /// <summary>a * b + c, with one rounding where the hardware has it.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);

    /// <summary>Each value limited to [low, high].</summary>
    static abstract TVector Clamp(TVector value, TVector low, TVector high);

    /// <summary>Nearest whole number.</summary>
    static abstract TVector Round(TVector value);

    /// <summary>2^exponent for whole exponents in -126..127.</summary>
    static abstract TVector PowerOfTwo(TVector exponent);

    /// <summary>The sums of four registers, in order.</summary>
    static abstract Vector128<float> Sums(TVector a, TVector b, TVector c, TVector d);

    /// <summary>
    /// Register <paramref name="part"/> of sixteen floats: <paramref name="first"/>, the lower half of <paramref name="tails"/>, two of any
    /// value, <paramref name="second"/>, the upper half of <paramref name="tails"/>, two of any value.
    /// </summary>
    static abstract TVector Join(Vector128<float> first, Vector128<float> tails, Vector128<float> second, int part);

    /// <summary>Register <paramref name="part"/> of sixteen floats: eight from memory, and the same again.</summary>
    static abstract TVector TwoEights(float* source, int part);

    /// <summary>Register <paramref name="part"/> of sixteen floats: eight times the one, then eight times the other.</summary>
    static abstract TVector EightEach(float first, float second, int part);
}
