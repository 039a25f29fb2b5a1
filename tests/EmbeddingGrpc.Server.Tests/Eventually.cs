namespace EmbeddingGrpc.Server.Tests;

/// <summary>Waits for a state that nothing tells of: another thread or process comes to it, and only it can be asked.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Waits until a condition holds.</summary>
    /// <exception cref="OperationCanceledException">It does not within a minute, or the test is given up.</exception>
    public static Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    /// <inheritdoc cref="UntilAsync(Func{bool})"/>
    public static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Patience);
        while (!await condition()) await Task.Delay(TimeSpan.FromMilliseconds(2), deadline.Token);
    }
}
