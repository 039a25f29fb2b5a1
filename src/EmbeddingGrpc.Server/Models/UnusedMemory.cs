namespace EmbeddingGrpc.Server.Models;

/// <summary>Frees what something large has left behind. Stateless.</summary>
internal static class UnusedMemory
{
    /// <summary>Has the collector look for what nobody holds any more, native memory of finalized owners included. In the background: recalls go on.</summary>
    public static void LetGo() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
}
