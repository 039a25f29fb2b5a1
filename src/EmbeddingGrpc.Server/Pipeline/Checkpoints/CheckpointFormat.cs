using EmbeddingGrpc.Server.Catalog;

namespace EmbeddingGrpc.Server.Pipeline.Checkpoints;

/// <summary>
/// How a checkpoint lies in its file. Little-endian:
/// <code>
/// magic u64 · version u32 · start offset i64
/// users:     pages, see <see cref="UserPagesWriter"/>
/// items:     count i32 · { id length u16 · id }
/// counters:  half-life in ms f64 · landmark i64 · clock i64 · { version i64 · 7 × f64 } for each item
/// catalogue: see <see cref="CatalogCheckpoint"/>
/// a section for each part, with its name: whatever it writes, or pages (<see cref="IAppliedPart.HasPages"/>)
/// pages:     zeros up to a whole page of the file · chunks as they lie in memory · index · length of the index i32
/// table:     end offset i64 · count u8 · { name length u8 · name · position i64 · length i64 · XxHash3 u64 of each <see cref="BlockBytes"/> of it, the last ones fewer }
/// length of the table i32 · XxHash3 u64 of the first line, the table and its length
/// </code>
/// Version 5 has users as <see cref="CheckpointSections.ReadUsers"/> reads them, and version 4 no pages at all: there a part's section is as its older layout has it.
/// So sections are found without reading what is before them, and each is checked while it is read: several at once, and the file only once.
/// </summary>
internal static class CheckpointFormat
{
    public const ulong Magic = 0x31_54_4b_43_50_50_41_45; // "EAPPCKT1"
    public const uint Version = 6;

    /// <summary>The version before: the same sections and table, that of the users without pages.</summary>
    public const uint VersionWithoutUserPages = 5;

    /// <summary>The one before that: none of them with pages.</summary>
    public const uint VersionWithoutPages = 4;

    /// <summary>A section's pages begin at a multiple of it. A system with larger ones maps from before.</summary>
    public const int PageBytes = 4096;

    /// <summary>Bytes of a section that have a checksum of their own: they are still in the processor's cache when they are read after it.</summary>
    public const int BlockBytes = 256 * 1024;

    /// <summary>Stands for a landmark or a clock that was never set.</summary>
    public const long Unset = long.MinValue;

    /// <summary>Bytes of the checksum at the end.</summary>
    public const int ChecksumBytes = sizeof(ulong);

    /// <summary>Bytes before the first section.</summary>
    public const int HeaderBytes = sizeof(ulong) + sizeof(uint) + sizeof(long);

    public const string Users = "users";
    public const string Items = "items";
    public const string Counters = "counters";
    public const string Catalogue = "catalogue";
}
