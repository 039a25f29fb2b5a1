using System.Runtime.ExceptionServices;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>
/// Threads that share out numbered work. Threads of their own, not the pool's: they inherit the priority of the thread that builds.
/// </summary>
internal sealed class BuildThreads
{
    private const int RowsAThread = 64;
    private const int RowsAPiece = 4096;

    private readonly int _threads;
    private int _next;
    private volatile bool _failed;

    /// <summary>Chooses how many threads work.</summary>
    /// <param name="wanted">Threads wanted; 0 means one for each processor.</param>
    /// <param name="rows">Rows that there is work for: few are not worth a thread.</param>
    public BuildThreads(int wanted, int rows)
    {
        var threads = wanted == 0 ? Environment.ProcessorCount : wanted;
        _threads = Math.Clamp(threads, 1, Math.Max(1, rows / RowsAThread));
    }

    /// <summary>Shares out rows in pieces, for work of which a row is too little to be shared out alone.</summary>
    /// <param name="rows">How many.</param>
    /// <param name="work">Does a piece: from its first row to before its end.</param>
    /// <param name="cancellationToken">Checked between pieces.</param>
    public void ForEachPiece(int rows, Action<int, int> work, CancellationToken cancellationToken) => ForEach(
        (int)((rows + RowsAPiece - 1L) / RowsAPiece),
        piece => work(piece * RowsAPiece, (int)Math.Min(rows, (piece + 1L) * RowsAPiece)),
        cancellationToken);

    /// <summary>Does numbered work for which a thread needs nothing of its own; the calling thread helps.</summary>
    /// <param name="count">Pieces of work.</param>
    /// <param name="work">Does one piece.</param>
    /// <param name="cancellationToken">Checked between pieces.</param>
    public void ForEach(int count, Action<int> work, CancellationToken cancellationToken) =>
        ForEach(count, static () => default(EmptyHands), (_, piece) => work(piece), cancellationToken);

    /// <summary>Does numbered work; the calling thread helps.</summary>
    /// <param name="count">Pieces of work.</param>
    /// <param name="open">Makes what a thread works with.</param>
    /// <param name="work">Does one piece.</param>
    /// <param name="cancellationToken">Checked between pieces.</param>
    public void ForEach<TWorker>(int count, Func<TWorker> open, Action<TWorker, int> work, CancellationToken cancellationToken)
        where TWorker : IDisposable
    {
        _next = 0;
        _failed = false;
        Exception? failure = null;
        void Work()
        {
            try
            {
                using var worker = open();
                int piece;
                while (!_failed && (piece = Interlocked.Increment(ref _next) - 1) < count)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    work(worker, piece);
                }
            }
            catch (Exception e)
            {
                // Whatever it is ends the work: the others stop, and the caller gets it.
                Interlocked.CompareExchange(ref failure, e, null);
                _failed = true;
            }
        }

        var helpers = new Thread[Math.Min(_threads, Math.Max(1, count)) - 1];
        for (var i = 0; i < helpers.Length; i++)
        {
            helpers[i] = new Thread(Work) { IsBackground = true, Name = $"hnsw-build-{i + 1}" };
            helpers[i].Start();
        }
        Work();
        foreach (var helper in helpers) helper.Join();
        if (failure is not null) ExceptionDispatchInfo.Throw(failure);
    }

    private readonly struct EmptyHands : IDisposable
    {
        public void Dispose()
        {
            // Holds nothing.
        }
    }
}
