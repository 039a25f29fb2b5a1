using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline;
using Google.Protobuf.Collections;
using Wire = EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>The interactions of one request, sorted into those to append and those refused.</summary>
/// <param name="Interactions">To append, in their order.</param>
/// <param name="Numbers">Their numbers; null where nothing is numbered.</param>
/// <param name="DoneThrough">The highest number of the request, refused ones included.</param>
/// <param name="Rejected">Refused; null where none is.</param>
public readonly record struct ReceivedBatch(Interaction[] Interactions, ulong[]? Numbers, ulong DoneThrough, List<Wire.RejectedInteraction>? Rejected)
{
    /// <summary>Whether the log has anything to note.</summary>
    public bool IsEmpty => Interactions.Length == 0 && DoneThrough == 0;

    /// <summary>Validates the interactions of a producer, which must be numbered.</summary>
    /// <param name="source">As they came.</param>
    /// <param name="validator">Checks everything but the numbers.</param>
    /// <param name="previousNumber">The highest number before this request, 0 for the first.</param>
    public static ReceivedBatch Numbered(RepeatedField<Wire.Interaction> source, InteractionValidator validator, ulong previousNumber)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(validator);
        var latestMs = validator.LatestMs;
        var interactions = new Interaction[source.Count];
        var numbers = new ulong[source.Count];
        var (kept, doneThrough) = (0, 0UL);
        List<Wire.RejectedInteraction>? rejected = null;
        for (var i = 0; i < source.Count; i++)
        {
            var received = source[i];
            if (received.Number <= previousNumber)
            {
                Reject(ref rejected, received, i, NumberViolation(received.Number, previousNumber));
                continue;
            }

            // Refused or not, the number is done: the producer must not send it again.
            previousNumber = doneThrough = numbers[kept] = received.Number;
            if (InteractionValidator.TryValidate(Read(received), latestMs, out interactions[kept], out var violation)) kept++;
            else Reject(ref rejected, received, i, violation);
        }

        Array.Resize(ref interactions, kept);
        Array.Resize(ref numbers, kept);
        return new ReceivedBatch(interactions, numbers, doneThrough, rejected);
    }

    /// <summary>Validates interactions without numbers.</summary>
    /// <param name="source">As they came.</param>
    /// <param name="validator">Checks them.</param>
    public static ReceivedBatch Unnumbered(RepeatedField<Wire.Interaction> source, InteractionValidator validator)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(validator);
        var latestMs = validator.LatestMs;
        var interactions = new Interaction[source.Count];
        var kept = 0;
        List<Wire.RejectedInteraction>? rejected = null;
        for (var i = 0; i < source.Count; i++)
        {
            if (source[i].Number != 0) Reject(ref rejected, source[i], i, new Violation("number", "is set without a producer; name a producer or leave it 0"));
            else if (InteractionValidator.TryValidate(Read(source[i]), latestMs, out interactions[kept], out var violation)) kept++;
            else Reject(ref rejected, source[i], i, violation);
        }

        Array.Resize(ref interactions, kept);
        return new ReceivedBatch(interactions, null, 0, rejected);
    }

    private static ReceivedInteraction Read(Wire.Interaction source) =>
        new(source.UserId, source.ItemId, (int)source.Type, source.EventTimeMs, source.HasWeight ? source.Weight : 1f, source.RecallId);

    private static Violation NumberViolation(ulong number, ulong previous) => new(
        "number",
        number == 0 ? "is missing; numbers of a producer start at 1" : $"is {number}; must be greater than the number before it, {previous}");

    private static void Reject(ref List<Wire.RejectedInteraction>? rejected, Wire.Interaction source, int index, Violation violation) =>
        (rejected ??= []).Add(new Wire.RejectedInteraction { Number = source.Number, Index = (uint)index, Field = violation.Field, Reason = violation.Reason });
}
