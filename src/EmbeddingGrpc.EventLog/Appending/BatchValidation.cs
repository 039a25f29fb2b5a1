using System.Text;
using EmbeddingGrpc.EventLog.Groups;

namespace EmbeddingGrpc.EventLog.Appending;

/// <summary>
/// Checks what the file format and the numbering rely on, on the caller's thread: a batch that cannot be encoded must fail its caller, not the
/// group it would have shared with others.
/// </summary>
internal static class BatchValidation
{
    /// <summary>Bytes of one batch: no group may come near the 2 GB that one array can hold.</summary>
    public const long MaximumBatchBytes = 256L * 1024 * 1024;

    private const int BytesBesideIds = 48;
    private const int HighestType = EntryTag.TypeMask;

    // Half of a surrogate pair has no UTF-8: replacing it in silence would store another id than was sent.
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <returns>About the bytes that the batch takes.</returns>
    /// <exception cref="ArgumentException">Says which interaction and which field.</exception>
    public static long Check(AppendBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(batch.Interactions);
        CheckNumbers(batch);
        var interactions = batch.Interactions;
        var bytes = 0L;
        for (var i = 0; i < interactions.Length; i++)
        {
            ref readonly var interaction = ref interactions[i];
            if ((int)interaction.Type > HighestType) throw Bad(i, $"type {(int)interaction.Type} is above {HighestType}, the highest that the format holds");
            bytes += BytesBesideIds + CheckId(i, "user id", interaction.UserId) + CheckId(i, "item id", interaction.ItemId);
            if (interaction.RecallId is { } recall) bytes += CheckId(i, "recall id", recall);
        }
        if (bytes > MaximumBatchBytes) throw new ArgumentException($"The batch takes {bytes} bytes; at most {MaximumBatchBytes} are allowed. Split it.");
        return bytes;
    }

    private static void CheckNumbers(AppendBatch batch)
    {
        if (batch.Producer is not { } producer)
        {
            if (batch.Numbers is not null || batch.DoneThrough != 0) throw new ArgumentException("Numbers and DoneThrough need a producer.");
            return;
        }
        CheckId(null, "producer's name", producer.Name);
        if (batch.Numbers is not { } numbers)
        {
            if (batch.Interactions.Length > 0) throw new ArgumentException("The interactions of a producer need numbers.");
            return;
        }
        if (numbers.Length != batch.Interactions.Length)
            throw new ArgumentException($"There are {numbers.Length} numbers for {batch.Interactions.Length} interactions.");
        var previous = 0UL;
        for (var i = 0; i < numbers.Length; i++)
        {
            if (numbers[i] <= previous) throw Bad(i, $"its number {numbers[i]} is not above the one before it, {previous}");
            previous = numbers[i];
        }
        if (batch.DoneThrough < previous) throw new ArgumentException($"DoneThrough {batch.DoneThrough} is below the last number, {previous}.");
    }

    private static int CheckId(int? index, string field, string? id)
    {
        if (string.IsNullOrEmpty(id)) throw Bad(index, $"the {field} is empty");
        try
        {
            var length = StrictUtf8.GetByteCount(id);
            return length <= IdLimits.MaximumBytes ? length : throw Bad(index, $"the {field} has {length} bytes of UTF-8; at most {IdLimits.MaximumBytes} are allowed");
        }
        catch (EncoderFallbackException e)
        {
            throw Bad(index, $"the {field} is not valid Unicode: {e.Message}");
        }
    }

    private static ArgumentException Bad(int? index, string reason) =>
        new(index is { } i ? $"Interaction {i} of the batch: {reason}." : $"The batch: {reason}.");
}
