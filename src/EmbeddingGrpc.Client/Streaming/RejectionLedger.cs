using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Client.Streaming;

/// <summary>Reports each refusal once. Used by the reading loop only; <see cref="Count"/> by anyone.</summary>
/// <param name="callback">The application's, if it wants them.</param>
/// <param name="fallback">Where they go otherwise.</param>
internal sealed class RejectionLedger(Action<InteractionRejection>? callback, Action<InteractionRejection> fallback)
{
    // A connection may end between a refusal and the acknowledgement that covers it: the interaction is then sent and refused again.
    private readonly HashSet<ulong> _unacknowledged = [];
    private long _count;

    /// <summary>Refusals reported.</summary>
    public long Count => Interlocked.Read(ref _count);

    public void Add(RejectedInteraction rejected)
    {
        if (!_unacknowledged.Add(rejected.Number)) return;
        Interlocked.Increment(ref _count);
        (callback ?? fallback)(new InteractionRejection(rejected.Number, rejected.Field, rejected.Reason));
    }

    /// <summary>Numbers up to this one will not be sent again.</summary>
    public void Forget(ulong durableSequence) => _unacknowledged.RemoveWhere(number => number <= durableSequence);
}
