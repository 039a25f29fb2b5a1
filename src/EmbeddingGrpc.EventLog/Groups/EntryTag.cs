namespace EmbeddingGrpc.EventLog.Groups;

/// <summary>
/// The byte that begins every entry. Below 128 it is an interaction: its type, and which optional fields follow. From 128 it is another kind.
/// The numbers are on disk: never change one.
/// </summary>
internal static class EntryTag
{
    public const int TypeMask = 0x1F;

    /// <summary>A weight other than 1 follows.</summary>
    public const int Weight = 0x20;

    /// <summary>A recall id follows.</summary>
    public const int Recall = 0x40;

    /// <summary>A run of entries that were erased; its length follows. They keep their offsets and nothing else.</summary>
    public const byte Erased = 0x80;

    /// <summary>A run of entries that damage has taken; its length follows. Written by a salvage, so that later entries keep their offsets.</summary>
    public const byte Lost = 0x84;

    /// <summary>An item's attributes were set: item, length, bytes.</summary>
    public const byte ItemUpserted = 0x81;

    /// <summary>An item was deleted: item.</summary>
    public const byte ItemDeleted = 0x82;

    /// <summary>A user was erased: length and bytes of the keyed hash.</summary>
    public const byte UserErased = 0x83;
}
