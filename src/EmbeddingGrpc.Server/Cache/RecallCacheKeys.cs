using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using EmbeddingGrpc.Server.Recall;

namespace EmbeddingGrpc.Server.Cache;

/// <summary>Writes queries as cache keys. Immutable.</summary>
public sealed class RecallCacheKeys(RecallOptions recall, RecallCacheOptions cache)
{
    // Raised whenever the layout of a key or of an answer changes: a Redis outlives the daemon that filled it.
    private const byte Format = 8;

    // Two daemons that make answers differently may share a Redis. A record prints all of its values, culture-invariantly here.
    private readonly ulong _settings = XxHash64.HashToUInt64(MemoryMarshal.AsBytes(recall.ToString().AsSpan()));

    /// <summary>The key of a query to one generation.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="generationId">Random, so that it names the model's state across daemons too.</param>
    /// <param name="query">
    /// <see cref="RecallQuery.Excludes"/> and <see cref="RecallQuery.MinimumScore"/> are not part of the key: they are applied after the cache.
    /// </param>
    /// <param name="historyVersion">Version of the history of <see cref="RecallSubject.HistoryOf"/>; 0 where there is none.</param>
    /// <param name="graphRevision">Revision of the live item graph; 0 for queries that do not ask it.</param>
    /// <param name="deletionRevision">Which deletions the answer has for certain: see <see cref="Catalog.DeletionState"/>.</param>
    /// <param name="catalogRevision">Revision of the attributes; matters to queries with a filter alone.</param>
    /// <returns>Null for a query that is too long to be worth caching.</returns>
    public RecallCacheKey? For(
        string model, ulong generationId, RecallQuery query, long historyVersion, long graphRevision, long deletionRevision, long catalogRevision = 0)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(query);
        var subject = query.Subject;
        var filter = query.Filter is null ? [] : FilterKey.Of(query.Filter, cache.MaximumKeyBytes);
        if (filter is null) return null;
        var bound = 96 + Encoding.UTF8.GetMaxByteCount(model.Length) + LongestEncoding(subject) + filter.Length;
        if (bound > 4L * cache.MaximumKeyBytes) return null;

        var rented = ArrayPool<byte>.Shared.Rent((int)bound);
        try
        {
            var writer = new Writer(rented);
            writer.Byte(Format);
            writer.UInt64(_settings);
            writer.UInt64(generationId);
            writer.Text(model);
            writer.Byte((byte)subject.Kind);
            writer.Byte((byte)((query.IncludeQueryItems ? 1 : 0) | (query.ExcludeSeen ? 2 : 0) | (query.Explain ? 4 : 0)));
            writer.Byte((byte)query.Sources);
            writer.UInt64((ulong)graphRevision);
            writer.UInt64((ulong)deletionRevision);
            writer.Int32(query.K);
            writer.Int32(query.ExcludeSeenLast);
            writer.Int32(query.ColdPlaces);
            writer.Byte((byte)(query.Interests ?? 0));
            writer.UInt64(BitConverter.DoubleToUInt64Bits(query.TargetRecall));
            Write(ref writer, subject, historyVersion);
            if (filter.Length > 0)
            {
                writer.UInt64((ulong)catalogRevision);
                writer.Bytes(filter);
            }

            return writer.Written.Length > cache.MaximumKeyBytes ? null : new RecallCacheKey(writer.Written.ToArray(), subject.Kind, isShareable: subject.HistoryOf is null);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static void Write(ref Writer writer, RecallSubject subject, long historyVersion)
    {
        switch (subject)
        {
            case ItemSubject item:
                writer.Text(item.ItemId);
                break;
            case UserSubject user:
                writer.Text(user.UserId);
                writer.UInt64((ulong)historyVersion);
                writer.UInt64((ulong)(user.HalfLife?.Ticks ?? 0));
                break;
            case SessionSubject session:
                writer.Text(session.UserId ?? "");
                if (session.UserId is not null)
                {
                    writer.UInt64((ulong)historyVersion);
                    writer.UInt64(BitConverter.DoubleToUInt64Bits(session.HistoryWeight ?? -1));
                }

                writer.Int32(session.Items.Count);
                for (var i = 0; i < session.Items.Count; i++)
                {
                    var (itemId, weight) = session.Items[i];
                    writer.Text(itemId);
                    writer.Byte(weight is null ? (byte)0 : (byte)1);
                    if (weight is { } value) writer.Single(value);
                }

                break;
            case VectorSubject vector:
                writer.Int32(vector.Values.Length);
                foreach (var value in vector.Values.Span) writer.Single(value);
                break;
            default:
                throw new ArgumentException($"A {subject.GetType().Name} has no key.", nameof(subject));
        }
    }

    private static long LongestEncoding(RecallSubject subject) => subject switch
    {
        ItemSubject item => 4 + Encoding.UTF8.GetMaxByteCount(item.ItemId.Length),
        UserSubject user => 20 + Encoding.UTF8.GetMaxByteCount(user.UserId.Length),
        SessionSubject session => 20 + Encoding.UTF8.GetMaxByteCount(session.UserId?.Length ?? 0) + LongestEncoding(session.Items),
        VectorSubject vector => 4 + (4L * vector.Values.Length),
        _ => throw new ArgumentException($"A {subject.GetType().Name} has no key.", nameof(subject)),
    };

    private static long LongestEncoding(IReadOnlyList<SessionEntry> items)
    {
        var bytes = 4L;
        for (var i = 0; i < items.Count; i++) bytes += 9 + Encoding.UTF8.GetMaxByteCount(items[i].ItemId.Length);
        return bytes;
    }

    /// <summary>Little-endian; texts carry their length, so that no two queries have the same bytes.</summary>
    private ref struct Writer(Span<byte> buffer)
    {
        private readonly Span<byte> _buffer = buffer;
        private int _position;

        public readonly ReadOnlySpan<byte> Written => _buffer[.._position];

        public void Byte(byte value) => _buffer[_position++] = value;

        public void Int32(int value)
        {
            BinaryPrimitives.WriteInt32LittleEndian(_buffer[_position..], value);
            _position += sizeof(int);
        }

        public void UInt64(ulong value)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(_buffer[_position..], value);
            _position += sizeof(ulong);
        }

        public void Bytes(ReadOnlySpan<byte> value)
        {
            value.CopyTo(_buffer[_position..]);
            _position += value.Length;
        }

        public void Single(float value)
        {
            BinaryPrimitives.WriteSingleLittleEndian(_buffer[_position..], value);
            _position += sizeof(float);
        }

        public void Text(string value)
        {
            var length = Encoding.UTF8.GetBytes(value, _buffer[(_position + sizeof(int))..]);
            Int32(length);
            _position += length;
        }
    }
}
