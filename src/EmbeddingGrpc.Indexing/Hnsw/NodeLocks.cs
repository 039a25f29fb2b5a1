using System.Runtime.CompilerServices;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>Spin locks for the nodes of a graph that several threads build, shared by nodes of equal lower bits. Held for microseconds.</summary>
internal sealed class NodeLocks
{
    private const int Stripes = 1 << 14;

    private readonly int[] _held = new int[Stripes];

    /// <summary>Waits for a node's lock.</summary>
    public void Enter(int node)
    {
        ref var held = ref _held[node & (Stripes - 1)];
        if (Interlocked.Exchange(ref held, 1) == 0) return;
        var wait = default(SpinWait);
        while (Volatile.Read(ref held) != 0 || Interlocked.Exchange(ref held, 1) != 0) wait.SpinOnce();
    }

    /// <summary>Releases it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Exit(int node) => Volatile.Write(ref _held[node & (Stripes - 1)], 0);
}
