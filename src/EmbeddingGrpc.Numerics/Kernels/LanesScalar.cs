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

    public static float Join(Vector128<float> first, Vector128<float> tails, Vector128<float> second, int part) => (part >> 2) switch
    {
        0 => first[part & 3],
        1 => tails[part & 1],
        2 => second[part & 3],
        _ => tails[2 + (part & 1)],
    };

    public static float TwoEights(float* source, int part) => source[part & 7];

    public static float EightEach(float first, float second, int part) => part < 8 ? first : second;
}
