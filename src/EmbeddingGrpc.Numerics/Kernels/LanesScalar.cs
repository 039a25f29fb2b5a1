using System.Runtime.Intrinsics;

namespace EmbeddingGrpc.Numerics.Kernels;

/// <summary>One float: processors without AVX2, and the plain twin that the wide kernels are tested beside.</summary>
internal readonly unsafe struct LanesScalar : ILanes<float>
{
    public static int Width => 1;

    public static float Zero => 0;

    public static float Load(float* source) => *source;

    public static void Store(float value, float* destination) => *destination = value;

    public static float Broadcast(float value) => value;

    public static float Add(float a, float b) => a + b;

    public static float Subtract(float a, float b) => a - b;

    public static float Multiply(float a, float b) => a * b;

    public static float Divide(float a, float b) => a / b;

    public static float MultiplyAdd(float a, float b, float c) => (a * b) + c;

    public static float Clamp(float value, float low, float high) => MathF.Min(MathF.Max(value, low), high);

    public static float Round(float value) => MathF.Round(value);

    public static float PowerOfTwo(float exponent) => BitConverter.Int32BitsToSingle(((int)exponent + 127) << 23);

    public static Vector128<float> Sums(float a, float b, float c, float d) => Vector128.Create(a, b, c, d);
}
