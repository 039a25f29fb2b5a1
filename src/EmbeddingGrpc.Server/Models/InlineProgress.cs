namespace EmbeddingGrpc.Server.Models;

/// <summary>Reports on the reporting thread. <see cref="Progress{T}"/> would queue to the thread pool, see <see cref="LowPriorityThread"/>.</summary>
internal sealed class InlineProgress<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}
