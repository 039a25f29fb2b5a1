namespace EmbeddingGrpc.Server.Models;

/// <summary>The longest that a recall of one model has taken since it was last looked at. Any number of threads.</summary>
public sealed class LongestRecall
{
    private long _ticks;

    /// <summary>A recall has ended. Nearly always a read of memory that nobody writes.</summary>
    /// <param name="elapsed">From a validated query to its encoded answer.</param>
    public void Took(TimeSpan elapsed)
    {
        var longest = Volatile.Read(ref _ticks);
        while (elapsed.Ticks > longest)
        {
            var found = Interlocked.CompareExchange(ref _ticks, elapsed.Ticks, longest);
            if (found == longest) return;
            longest = found;
        }
    }

    /// <summary>The longest one so far; from here on another is looked for.</summary>
    /// <returns>Zero where there was none.</returns>
    public TimeSpan Take() => TimeSpan.FromTicks(Interlocked.Exchange(ref _ticks, 0));
}
