using System.Globalization;

namespace EmbeddingGrpc.FunctionalTests.Crashes;

/// <summary>
/// How long the crash tests go on, from the environment: <c>EMBEDDINGGRPC_CRASH_ROUNDS</c> asks for more rounds than a change should wait for, and
/// <c>EMBEDDINGGRPC_CRASH_SEED</c> for others.
/// </summary>
internal static class CrashSettings
{
    public static int Seed { get; } = Read("EMBEDDINGGRPC_CRASH_SEED", 20260801);

    public static int Rounds(int usual) => Read("EMBEDDINGGRPC_CRASH_ROUNDS", usual);

    private static int Read(string variable, int usual) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture) : usual;
}
