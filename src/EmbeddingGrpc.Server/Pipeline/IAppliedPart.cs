using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline.Checkpoints;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>
/// Something besides item keys, histories and counters that applying the log keeps up to date. Listed in <see cref="AppliedState.Parts"/>; written by
/// the applier's thread alone, in the order of the log.
/// </summary>
/// <remarks>
/// Checkpoints are written beside the applier, and parts after the histories. So a part must be able to tell, of each thing that it changes, up to which
/// offset it has the log, keep that with it, and pass over what is not newer: after a restart the log is replayed from where the checkpoint began.
/// </remarks>
internal interface IAppliedPart
{
    /// <summary>Names its section of a checkpoint: at most 255 bytes of UTF-8, never to change. A checkpoint without it is passed over.</summary>
    string Name { get; }

    /// <summary>Whether its section is made of pages, which <see cref="Read(CheckpointPages)"/> reads. An older checkpoint's are not, and <see cref="Read(CheckpointInput)"/> reads those.</summary>
    bool HasPages => false;

    /// <summary>How many events before each interaction it wants to see.</summary>
    int ContextLength { get; }

    /// <summary>Memory held, in bytes. Any thread.</summary>
    long SizeBytes { get; }

    /// <summary>Takes in interactions that histories and counters have by now.</summary>
    void Apply(AppliedBatch batch);

    /// <summary>Takes in an entry that is no interaction; everything before it is applied.</summary>
    void Apply(LogRecord record, LogOffset offset);

    /// <summary>Writes its section, beside the applier.</summary>
    /// <param name="output">The checkpoint.</param>
    /// <param name="beforeEach">To be called before each thing written; what it throws ends the work.</param>
    void Write(CheckpointOutput output, Action beforeEach);

    /// <summary>Reads its section to the end, before anything is applied. Others read theirs at the same time: what they fill must not be touched.</summary>
    void Read(CheckpointInput input);

    /// <summary>Reads its section of pages likewise.</summary>
    void Read(CheckpointPages pages) => throw new NotSupportedException($"'{Name}' has no pages.");
}
