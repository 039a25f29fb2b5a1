namespace EmbeddingGrpc.Server.Models;

/// <summary>A sample of what a model was asked lately. Any number of threads; they race for places by design, and whichever query is kept was asked.</summary>
public sealed class RecentQueries
{
    private const int Kept = 128;

    // Of so many one is kept: what is asked in the last thousands of calls, at a cost that nobody sees.
    private const int Every = 32;

    private readonly IWarmUpQuery?[] _queries = new IWarmUpQuery?[Kept];
    private int _asked;

    /// <summary>Counts one question.</summary>
    /// <returns>Whether it is one to <see cref="Keep"/>.</returns>
    public bool IsSampled() => unchecked((uint)Interlocked.Increment(ref _asked)) % Every == 1;

    /// <summary>Keeps a question in the place of an older one.</summary>
    public void Keep(IWarmUpQuery query) => Volatile.Write(ref _queries[(uint)Volatile.Read(ref _asked) / Every % Kept], query);

    /// <summary>Asks a generation all that are kept.</summary>
    /// <returns>How many.</returns>
    public int Replay(Generation generation, CancellationToken cancellationToken)
    {
        var count = 0;
        for (var place = 0; place < Kept; place++)
        {
            if (Volatile.Read(ref _queries[place]) is not { } query) continue;
            cancellationToken.ThrowIfCancellationRequested();
            query.Run(generation, cancellationToken);
            count++;
        }

        return count;
    }
}
