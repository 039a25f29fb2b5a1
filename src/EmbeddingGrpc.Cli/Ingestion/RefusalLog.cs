using EmbeddingGrpc.Cli.Sources;

namespace EmbeddingGrpc.Cli.Ingestion;

/// <summary>What was not taken and why: the first few in full, all of them counted. Told by the reading loop and by the stream's; thread-safe.</summary>
/// <param name="fileName">For messages.</param>
internal sealed class RefusalLog(string fileName)
{
    /// <summary>More would scroll the reason of the first off the screen.</summary>
    private const int ShownAtMost = 20;

    private readonly Lock _gate = new();
    private readonly List<(SourcePosition Position, string Reason)> _shown = [];
    private long _count;

    /// <summary>Interactions, or lines that are none, that were refused.</summary>
    public long Count => Interlocked.Read(ref _count);

    public void Add(SourcePosition position, string reason)
    {
        Interlocked.Increment(ref _count);
        lock (_gate)
        {
            if (_shown.Count < ShownAtMost) _shown.Add((position, reason));
        }
    }

    /// <summary>One message for each that is shown, in the order of the file, and one for the rest.</summary>
    public IReadOnlyList<string> Messages()
    {
        lock (_gate)
        {
            var messages = _shown.OrderBy(refusal => refusal.Position.Number).Select(refusal => $"{fileName}:{refusal.Position.Line}: {refusal.Reason}").ToList();
            if (_count > messages.Count) messages.Add($"{fileName}: and {_count - messages.Count:N0} more like these");
            return messages;
        }
    }
}
