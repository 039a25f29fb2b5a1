using EmbeddingGrpc.Server.Catalog;

namespace EmbeddingGrpc.Server.Pipeline.Checkpoints;

/// <summary>
/// How a checkpoint lies in its file. Little-endian:
/// <code>
/// magic u64 · version u32 · start offset i64
/// users:    { id length u16 (0 ends them) · events u16 · version i64 · id · events of 16 bytes }
/// items:    count i32 · { id length u16 · id }
/// counters: half-life in ms f64 · landmark i64 · clock i64 · { version i64 · 7 × f64 } for each item
/// catalogue: see <see cref="CatalogCheckpoint"/>
/// parts:    count u8 · { name length u8 · name · whatever the part writes }
/// end offset i64 · XxHash3 u64 of everything before it
/// </code>
/// </summary>
internal static class CheckpointFormat
{
    public const ulong Magic = 0x31_54_4b_43_50_50_41_45; // "EAPPCKT1"
    public const uint Version = 3;

    /// <summary>Stands for a landmark or a clock that was never set.</summary>
    public const long Unset = long.MinValue;

    /// <summary>Bytes of the checksum at the end.</summary>
    public const int ChecksumBytes = sizeof(ulong);
}
