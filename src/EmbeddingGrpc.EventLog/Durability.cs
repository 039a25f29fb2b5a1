namespace EmbeddingGrpc.EventLog;

/// <summary>What must have happened before a batch is acknowledged.</summary>
public enum Durability
{
    /// <summary>It is on stable storage: it survives a crash of the machine and the loss of power.</summary>
    Fsync = 0,

    /// <summary>
    /// It has been handed to the operating system: it survives <c>kill -9</c>, but a crash of the machine or the loss of power takes what the kernel had
    /// not written yet, half a minute's worth on Linux by default, and after it everything up to the first hole. Segments are synced when they are finished.
    /// </summary>
    Os = 1,
}
