namespace EmbeddingGrpc.Server.Models;

/// <summary>Asks for whole collections when it suits: to free what something large has left behind, and to have done with what stays. Stateless.</summary>
internal static class UnusedMemory
{
    /// <summary>Has the collector look for what nobody holds any more, native memory of finalized owners included. In the background: recalls go on.</summary>
    public static void LetGo() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);

    /// <summary>
    /// Has the collector count as old what a start made and keeps. Otherwise that grows old under the first load, by megabytes that were not foreseen, and the whole heap is collected for them
    /// then. Everything waits meanwhile: some tens of milliseconds.
    /// </summary>
    public static void Settle()
    {
        // Each makes what it meets older by one generation.
        for (var generation = 0; generation < GC.MaxGeneration; generation++) GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);
    }
}
