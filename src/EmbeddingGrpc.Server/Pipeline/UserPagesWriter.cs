using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline.Checkpoints;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>
/// Writes histories as they will lie in memory, one user after the other, without the slots where nobody lies. One thread, beside the histories' writer. The section:
/// <code>
/// chunks: records of 64 bytes, blocks of events of one class, or blocks of long ids of one length; whole ones, and at the end the last of each kind, cut
/// index:  maximum length i32 · classes i32 · blocks i32 of each class · lengths of ids i32 · blocks i32 of each length · users i32 · chunks i32 · kind u8 of each chunk
/// </code>
/// A kind is 0 for records, the class plus one for events, and behind those the length of ids. Blocks of a kind are those of its users in their order. Hashes and buckets
/// are made when it is read: they are of a process.
/// </summary>
internal sealed class UserPagesWriter
{
    /// <summary>The kind of a chunk of records.</summary>
    public const byte RecordsKind = 0;

    private readonly UserHistories _histories;
    private readonly CheckpointOutput _output;
    private readonly List<byte> _kinds = [];
    private readonly ChunkWriter _records;
    private readonly ChunkWriter[] _events;
    private readonly ChunkWriter[] _ids;

    /// <summary>Begins with nothing written.</summary>
    public UserPagesWriter(UserHistories histories, CheckpointOutput output)
    {
        (_histories, _output) = (histories, output);
        _records = ChunkWriter.For(histories.Users.Records.Blocks, RecordsKind, _kinds, output);
        _events = [.. histories.Events.Select((pool, eventClass) => ChunkWriter.For(pool.Blocks, (byte)(1 + eventClass), _kinds, output))];
        _ids = [.. histories.Users.Ids.Select((pool, length) => ChunkWriter.For(pool.Blocks, (byte)(1 + _events.Length + length), _kinds, output))];
    }

    /// <summary>Writes chunks and index.</summary>
    /// <param name="beforeEach">Called before each user; what it throws ends the work.</param>
    /// <returns>The end of what any history written has of the log.</returns>
    public LogOffset Write(Action beforeEach)
    {
        var newest = default(LogOffset);
        _output.WritePages(() => newest = WriteChunks(beforeEach), WriteIndex, _kinds);
        return newest;
    }

    private LogOffset WriteChunks(Action beforeEach)
    {
        var newest = 0L;
        Span<byte> id = stackalloc byte[UserDirectory.MaximumIdBytes];
        var events = new StoredEvent[_histories.MaximumLength];
        for (var slot = 0; slot < _histories.SlotCount; slot++)
        {
            beforeEach();
            if (!_histories.TryReadSlot(slot, id, events, out var record)) continue;
            newest = Math.Max(newest, record.Version);
            Add(record, id[..record.IdLength], events.AsSpan(0, record.EventCount));
        }

        foreach (var writer in (ChunkWriter[])[_records, .. _events, .. _ids]) writer.End();
        return new LogOffset(newest);
    }

    private void Add(in UserRecord record, ReadOnlySpan<byte> id, ReadOnlySpan<StoredEvent> events)
    {
        byte eventClass = 0;
        while (_histories.Events[eventClass].BlockLength < events.Length) eventClass++;
        var kept = new UserRecord
        {
            Version = record.Version,
            NextInBucket = UserRecord.None,
            EventBlock = _events[eventClass].Count,
            EventCount = record.EventCount,
            IdLength = record.IdLength,
            EventClass = eventClass,
        };
        MemoryMarshal.AsBytes(events).CopyTo(_events[eventClass].Next());
        if (kept.HasInlineId)
        {
            id.CopyTo(kept.InlineId);
        }
        else
        {
            var ids = _ids[UserDirectory.IdPoolOf(id.Length)];
            kept.IdBlock = ids.Count;
            id.CopyTo(ids.Next());
        }

        Unsafe.WriteUnaligned(ref _records.Next()[0], kept);
    }

    private void WriteIndex()
    {
        _output.Write(_histories.MaximumLength);
        WriteCounts(_events);
        WriteCounts(_ids);
        _output.Write(_records.Count);
    }

    private void WriteCounts(ChunkWriter[] writers)
    {
        _output.Write(writers.Length);
        foreach (var writer in writers) _output.Write(writer.Count);
    }
}
