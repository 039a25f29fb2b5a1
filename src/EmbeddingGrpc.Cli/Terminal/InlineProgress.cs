namespace EmbeddingGrpc.Cli.Terminal;

/// <summary>Progress told on the thread that makes it: <see cref="Progress{T}"/> would tell it later, perhaps after the end.</summary>
internal sealed class InlineProgress<T>(Action<T> report) : IProgress<T>
{
    /// <inheritdoc/>
    public void Report(T value) => report(value);
}
