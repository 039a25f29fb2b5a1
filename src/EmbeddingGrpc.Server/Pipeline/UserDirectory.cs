using System.IO.Hashing;
using System.Numerics;
using System.Security.Cryptography;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>
/// User ids to records, chained in buckets. One writer; a reader that overlaps a change may miss or see a torn record and finds that out
/// from <see cref="UserHistories"/>' sequence of the id's stripe.
/// </summary>
/// <remarks>
/// Linear hashing (Litwin 1980): the table grows by splitting one bucket for each user that comes, so growth never stops the readers and
/// never touches a bucket of another stripe, because a bucket and the one split from it share their low bits.
/// </remarks>
internal sealed class UserDirectory : IDisposable
{
    /// <summary>Stripes, and the least number of buckets.</summary>
    public const int Stripes = 1024;

    /// <summary>Longest id, in bytes of UTF-8.</summary>
    public const int MaximumIdBytes = 256;

    private const int IdGranularity = 16;
    private const int BucketsAhead = 16;

    // Ids come from outside: the seed keeps anyone from choosing them to share a bucket.
    private readonly long _seed = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));
    private readonly BlockPool<int> _buckets = new(1);
    private readonly BlockPool<UserRecord> _records = new(1);
    private readonly BlockPool<byte>[] _ids;
    private int _bucketCount;
    private int _count;

    public UserDirectory()
    {
        _ids = [.. Enumerable.Range(1, MaximumIdBytes / IdGranularity).Select(units => new BlockPool<byte>(units * IdGranularity))];
        for (var i = 0; i < Stripes; i++) AddBucket();
    }

    public int Count => Volatile.Read(ref _count);

    /// <summary>Where the records lie, by slot. To be filled before anyone reads, and <see cref="EndRestore"/> must follow then.</summary>
    public BlockPool<UserRecord> Records => _records;

    /// <summary>Where ids lie that do not fit their records, by <see cref="IdPoolOf"/>.</summary>
    public IReadOnlyList<BlockPool<byte>> Ids => _ids;

    public long SizeBytes => _buckets.SizeBytes + _records.SizeBytes + _ids.Sum(pool => pool.SizeBytes);

    /// <summary>Slots that were ever used.</summary>
    public int SlotCount => _records.UsedCount;

    /// <summary>Which of <see cref="Ids"/> an id of so many bytes lies in.</summary>
    public static int IdPoolOf(int idLength) => (idLength - 1) / IdGranularity;

    public static int StripeOf(ulong hash) => (int)(hash & (Stripes - 1));

    public ulong Hash(ReadOnlySpan<byte> id) => XxHash3.HashToUInt64(id, _seed);

    public ref UserRecord Record(int user) => ref _records.First(user);

    /// <summary>Finds a user, for the writer.</summary>
    public int Find(ReadOnlySpan<byte> id, ulong hash)
    {
        var user = FirstInBucket(hash);
        while (user != UserRecord.None && !Is(user, id, hash)) user = Record(user).NextInBucket;
        return user;
    }

    /// <summary>Whether a slot holds a user, for the writer.</summary>
    public bool Is(int user, ReadOnlySpan<byte> id, ulong hash)
    {
        ref var record = ref Record(user);
        if (record.Hash != hash || record.IdLength != id.Length) return false;
        var stored = record.HasInlineId ? record.InlineId : PoolOf(record.IdLength).Block(record.IdBlock);
        return stored[..id.Length].SequenceEqual(id);
    }

    /// <summary>The first user of a hash's bucket, for the writer: where <see cref="Find"/> begins.</summary>
    public int FirstInBucket(ulong hash) => _buckets.First(BucketOf(hash, _bucketCount));

    /// <summary>Says that <see cref="FirstInBucket"/> will be asked soon.</summary>
    public void WillFind(ulong hash) => CacheHint.WillRead(in _buckets.First(BucketOf(hash, _bucketCount)));

    /// <summary>Says that a record will be read soon.</summary>
    public void WillRead(int user)
    {
        ref var record = ref Record(user);
        // Arrays begin where they like, so a record lies across two lines.
        CacheHint.WillRead(in record.Hash);
        CacheHint.WillRead(in record.InlineId[^1]);
    }

    /// <summary>Finds a user's record, for a reader. Ends whatever the writer does, but what it says holds only if the stripe did not change.</summary>
    public bool TryRead(ReadOnlySpan<byte> id, ulong hash, out UserRecord record)
    {
        record = default;
        if (!_buckets.TryBlock(BucketOf(hash, Volatile.Read(ref _bucketCount)), out var bucket)) return false;
        var user = bucket[0];
        // A chain that is being changed could lead in a circle: no chain is longer than there are users.
        for (var left = Count; user != UserRecord.None && left >= 0; left--)
        {
            if (!_records.TryBlock(user, out var found)) return false;
            record = found[0];
            if (record.Hash == hash && record.IdLength == id.Length && TryId(ref record, out var stored) && stored[..id.Length].SequenceEqual(id)) return true;

            user = record.NextInBucket;
        }

        return false;
    }

    /// <summary>Reads what lies in a slot, for a reader; it may be torn, or nobody's (an id of no length).</summary>
    public bool TryReadSlot(int slot, out UserRecord record)
    {
        var found = _records.TryBlock(slot, out var block);
        record = found ? block[0] : default;
        return found;
    }

    /// <summary>Copies an id, for a reader whose record may be torn.</summary>
    public bool TryCopyId(ref UserRecord record, Span<byte> id)
    {
        if (record.IdLength is 0 or > MaximumIdBytes || !TryId(ref record, out var stored)) return false;
        stored[..record.IdLength].CopyTo(id);
        return true;
    }

    /// <summary>Adds a user that is not there and returns its number. Version, events and neighbours are the caller's to set.</summary>
    public int Add(ReadOnlySpan<byte> id, ulong hash)
    {
        var user = Restore(id);
        Record(user).Hash = hash;
        Link(user);
        Volatile.Write(ref _count, _count + 1);
        return user;
    }

    /// <summary>Adds a user that is not there, before anyone reads, and returns its number. It can be found after <see cref="EndRestore"/>.</summary>
    public int Restore(ReadOnlySpan<byte> id)
    {
        var user = _records.Allocate();
        ref var record = ref Record(user);
        record = new UserRecord { IdLength = (ushort)id.Length };
        id.CopyTo(record.HasInlineId ? record.InlineId : AllocateId(ref record));
        return user;
    }

    /// <summary>Hashes all users, none of whom was added otherwise, makes buckets for them and puts them there. Buckets lie anywhere in memory, and are asked for ahead.</summary>
    public void EndRestore()
    {
        var users = SlotCount;
        var buckets = new int[Math.Max(_bucketCount, users)];
        buckets.AsSpan().Fill(UserRecord.None);
        for (var first = 0; first < users; first += _records.Blocks.ChunkBlocks)
        {
            var records = _records.Blocks.ChunkAt(first / _records.Blocks.ChunkBlocks);
            records = records[..Math.Min(records.Length, users - first)];
            HashAll(records);
            for (var i = 0; i < records.Length; i++)
            {
                if (i + BucketsAhead < records.Length) CacheHint.WillRead(in buckets[BucketOf(records[i + BucketsAhead].Hash, buckets.Length)]);
                ref var bucket = ref buckets[BucketOf(records[i].Hash, buckets.Length)];
                records[i].NextInBucket = bucket;
                bucket = first + i;
            }
        }

        SetBuckets(buckets);
        Volatile.Write(ref _count, users);
    }

    /// <summary>Takes a user out.</summary>
    public void Remove(int user)
    {
        ref var record = ref Record(user);
        ref var link = ref _buckets.First(BucketOf(record.Hash, _bucketCount));
        while (link != user) link = ref Record(link).NextInBucket;
        link = record.NextInBucket;
        if (!record.HasInlineId) PoolOf(record.IdLength).Free(record.IdBlock);
        record.InlineId.Clear();
        // Says that nobody lies here.
        record.IdLength = 0;
        _records.Free(user);
        Volatile.Write(ref _count, _count - 1);
    }

    /// <summary>The stripe that the next <see cref="Split"/> changes; -1 while there are enough buckets.</summary>
    public int StripeToSplit => _count <= _bucketCount ? -1 : (_bucketCount - LowerPower(_bucketCount)) & (Stripes - 1);

    /// <summary>Splits the next bucket.</summary>
    public void Split()
    {
        var from = _bucketCount - LowerPower(_bucketCount);
        var user = _buckets.First(from);
        AddBucket();
        _buckets.First(from) = UserRecord.None;
        while (user != UserRecord.None)
        {
            ref var record = ref Record(user);
            var next = record.NextInBucket;
            ref var bucket = ref _buckets.First(BucketOf(record.Hash, _bucketCount));
            record.NextInBucket = bucket;
            bucket = user;
            user = next;
        }
    }

    /// <summary>Gives the memory back. Nobody reads any more.</summary>
    public void Dispose()
    {
        _buckets.Dispose();
        _records.Dispose();
        foreach (var pool in _ids) pool.Dispose();
    }

    private void SetBuckets(ReadOnlySpan<int> buckets)
    {
        var table = _buckets.Blocks;
        while (table.ChunkCount * table.ChunkBlocks < buckets.Length) table.AddChunk();
        for (var first = 0; first < buckets.Length; first += table.ChunkBlocks)
            buckets.Slice(first, Math.Min(table.ChunkBlocks, buckets.Length - first)).CopyTo(table.ChunkAt(first / table.ChunkBlocks));
        _buckets.EndRestore(buckets.Length);
        Volatile.Write(ref _bucketCount, buckets.Length);
    }

    private void HashAll(Span<UserRecord> records)
    {
        foreach (ref var record in records)
        {
            TryId(ref record, out var id);
            record.Hash = Hash(id[..record.IdLength]);
        }
    }

    private void Link(int user)
    {
        ref var record = ref Record(user);
        ref var bucket = ref _buckets.First(BucketOf(record.Hash, _bucketCount));
        record.NextInBucket = bucket;
        bucket = user;
    }

    private static int LowerPower(int buckets) => 1 << BitOperations.Log2((uint)buckets);

    private static int BucketOf(ulong hash, int buckets)
    {
        var lower = LowerPower(buckets);
        var bucket = (int)(hash & (ulong)((lower * 2L) - 1));
        return bucket < buckets ? bucket : bucket - lower;
    }

    // By reference, since a short id lies in the record itself.
    private bool TryId(ref UserRecord record, out ReadOnlySpan<byte> stored)
    {
        stored = record.InlineId;
        return record.HasInlineId || PoolOf(record.IdLength).TryBlock(record.IdBlock, out stored);
    }

    private Span<byte> AllocateId(ref UserRecord record)
    {
        var pool = PoolOf(record.IdLength);
        record.IdBlock = pool.Allocate();
        return pool.Block(record.IdBlock);
    }

    private BlockPool<byte> PoolOf(int idLength) => _ids[IdPoolOf(idLength)];

    private void AddBucket()
    {
        _buckets.First(_buckets.Allocate()) = UserRecord.None;
        Volatile.Write(ref _bucketCount, _bucketCount + 1);
    }
}
