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
    /// <exception cref="ArgumentException">Says which interaction or record, and which field.</exception>
    public static long Check(AppendBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(batch.Interactions);
        ArgumentNullException.ThrowIfNull(batch.Records);
        CheckNumbers(batch);
        var bytes = 0L;
        for (var i = 0; i < batch.Interactions.Length; i++) bytes += BytesBesideIds + Check(batch.Interactions[i], i);
        for (var i = 0; i < batch.Records.Length; i++) bytes += BytesBesideIds + Check(batch.Records[i], i);
        if (bytes > MaximumBatchBytes) throw new ArgumentException($"The batch takes {bytes} bytes; at most {MaximumBatchBytes} are allowed. Split it.");
        return bytes;
    }

    private static int Check(in Interaction interaction, int index)
    {
        const string What = "Interaction";
        if ((int)interaction.Type > HighestType)
            throw Bad(What, index, $"type {(int)interaction.Type} is above {HighestType}, the highest that the format holds");
        var bytes = IdBytes(interaction.UserId, What, index, "user id") + IdBytes(interaction.ItemId, What, index, "item id");
        return interaction.RecallId is { } recall ? bytes + IdBytes(recall, What, index, "recall id") : bytes;
    }

    private static int Check(LogRecord record, int index)
    {
        const string What = "Record";
        return record switch
        {
            ItemUpserted { Attributes.Length: > ItemUpserted.MaximumAttributeBytes } upserted =>
                throw Bad(What, index, $"the attributes have {upserted.Attributes.Length} bytes; at most {ItemUpserted.MaximumAttributeBytes} are allowed"),
            ItemUpserted upserted => IdBytes(upserted.ItemId, What, index, "item id") + upserted.Attributes.Length,
            ItemDeleted deleted => IdBytes(deleted.ItemId, What, index, "item id"),
            UserErased { UserHash.Length: 0 or > UserErased.MaximumHashBytes } erased =>
                throw Bad(What, index, $"the user's hash has {erased.UserHash.Length} bytes; 1 to {UserErased.MaximumHashBytes} are allowed"),
            UserErased erased => erased.UserHash.Length,
            _ => throw Bad(What, index, "it is null"),
        };
    }

    private static void CheckNumbers(AppendBatch batch)
    {
        if (batch.Producer is not { } producer)
        {
            if (batch.Numbers is not null || batch.DoneThrough != 0 || batch.Follows != 0)
                throw new ArgumentException("Numbers, DoneThrough and Follows need a producer.");
            return;
        }
        if (batch.Records.Length > 0) throw new ArgumentException("Records have no numbers: append them without a producer.");
        IdBytes(producer.Name, "Producer", null, "name");
        var numbers = batch.Numbers ?? [];
        if (numbers.Length != batch.Interactions.Length)
            throw new ArgumentException($"There are {numbers.Length} numbers for {batch.Interactions.Length} interactions.");
        var previous = 0UL;
        for (var i = 0; i < numbers.Length; i++)
        {
            if (numbers[i] <= previous) throw Bad("Interaction", i, $"its number {numbers[i]} is not above the one before it, {previous}");
            previous = numbers[i];
        }
        if (batch.DoneThrough < previous) throw new ArgumentException($"DoneThrough {batch.DoneThrough} is below the last number, {previous}.");
    }

    private static int IdBytes(string? id, string what, int? index, string field)
    {
        if (string.IsNullOrEmpty(id)) throw Bad(what, index, $"the {field} is empty");
        try
        {
            var length = StrictUtf8.GetByteCount(id);
            return length <= IdLimits.MaximumBytes
                ? length
                : throw Bad(what, index, $"the {field} has {length} bytes of UTF-8; at most {IdLimits.MaximumBytes} are allowed");
        }
        catch (EncoderFallbackException e)
        {
            throw Bad(what, index, $"the {field} is not valid Unicode: {e.Message}");
        }
    }

    private static ArgumentException Bad(string what, int? index, string reason) =>
        new(index is { } i ? $"{what} {i} of the batch: {reason}." : $"{what} of the batch: {reason}.");
}
