using System.Diagnostics;

namespace EmbeddingGrpc.FunctionalTests.Harness;

/// <summary>
/// Waits for a condition, never for a time: a slow machine waits longer and a fast one does not wait. Only a condition that never comes
/// true meets the limit, which says what was being waited for.
/// </summary>
internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public static Task TrueAsync(string condition, Func<bool> check, CancellationToken cancellationToken) =>
        TrueAsync(condition, () => Task.FromResult(check()), cancellationToken);

    public static async Task TrueAsync(string condition, Func<Task<bool>> check, CancellationToken cancellationToken)
    {
        var waited = Stopwatch.StartNew();
        while (!await check())
        {
            if (waited.Elapsed > Limit) Assert.Fail($"In {Limit} it did not come true that {condition}.");
            await Task.Delay(Pause, cancellationToken);
        }
    }
}
