using System.Text;
using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>
/// The most recent interactions of each user, in time order, bounded in length and in users. One writer (the applier); readers take a
/// copy, never hold the writer up, and read again where it changed the same stripe of users meanwhile.
/// </summary>
/// <remarks>
/// No object a user: 48 bytes of record and 4 of bucket, the id rounded up to 16 bytes, and events of 16 bytes in blocks of 2, 4, 8, ...,
/// <see cref="MaximumLength"/>. A user with 12-byte id and two events weighs 100 bytes, one with 50 events 868.
/// </remarks>
public sealed class UserHistories
{
    private readonly UserDirectory _users = new();
    private readonly BlockPool<StoredEvent>[] _events;
    private readonly int[] _sequences = new int[UserDirectory.Stripes];
    private int _oldest = UserRecord.None;
    private int _newest = UserRecord.None;

    /// <summary>Starts without users.</summary>
    /// <param name="maximumLength">Interactions kept for a user at most; 1..65535.</param>
    /// <param name="maximumUsers">Users kept at most; the one that was active longest ago, in the order of the log, goes first.</param>
    public UserHistories(int maximumLength = 50, int maximumUsers = 10_000_000)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumLength, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maximumLength, ushort.MaxValue);
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumUsers, 1);
        (MaximumLength, MaximumUsers) = (maximumLength, maximumUsers);
        var lengths = new List<int>();
        for (var length = 2; length < maximumLength; length *= 2) lengths.Add(length);
        _events = [.. lengths.Append(maximumLength).Select(length => new BlockPool<StoredEvent>(length))];
    }

    /// <summary>Users with a history.</summary>
    public int UserCount => _users.Count;

    /// <summary>Interactions kept for a user at most.</summary>
    public int MaximumLength { get; }

    /// <summary>Users kept at most.</summary>
    public int MaximumUsers { get; }

    /// <summary>Memory held, in bytes.</summary>
    public long SizeBytes => _users.SizeBytes + _events.Sum(pool => pool.SizeBytes) + ((long)_sequences.Length * sizeof(int));

    /// <summary>Copies a user's history, oldest first.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="events">At least <see cref="MaximumLength"/> long.</param>
    /// <param name="count">Events written.</param>
    /// <param name="version">Changes with every change of this user's history, also over a restart: a cache key.</param>
    /// <returns>False for a user without a history.</returns>
    public bool TryRead(string userId, Span<HistoryEvent> events, out int count, out long version)
    {
        ArgumentNullException.ThrowIfNull(userId);
        ArgumentOutOfRangeException.ThrowIfLessThan(events.Length, MaximumLength);
        (count, version) = (0, 0);
        Span<byte> buffer = stackalloc byte[UserDirectory.MaximumIdBytes];
        if (!Encoding.UTF8.TryGetBytes(userId, buffer, out var length) || length == 0) return false;
        var id = buffer[..length];
        var hash = _users.Hash(id);
        ref var sequence = ref _sequences[UserDirectory.StripeOf(hash)];

        var spin = new SpinWait();
        for (; ; spin.SpinOnce(sleep1Threshold: -1))
        {
            var before = Volatile.Read(ref sequence);
            if ((before & 1) != 0) continue;
            var found = _users.TryRead(id, hash, out var record);
            var copied = found && TryCopy(record, events);
            Volatile.ReadBarrier();
            if (Volatile.Read(ref sequence) != before) continue;

            if (!found) return false;
            if (!copied) throw new InvalidOperationException("A user's history names events that do not exist.");
            (count, version) = (record.EventCount, record.Version);
            return true;
        }
    }

    /// <summary>Places an interaction by its time among the user's latest; of equal times, the later applied is the later one. Writer only.</summary>
    /// <param name="userId">1..256 bytes of UTF-8.</param>
    /// <param name="interaction">What the user did.</param>
    /// <param name="offset">Its place in the log, from which the user's version is made.</param>
    /// <returns>False where it is older than all of a full history and changes nothing.</returns>
    public bool Apply(string userId, in HistoryEvent interaction, LogOffset offset)
    {
        ArgumentNullException.ThrowIfNull(userId);
        Span<byte> buffer = stackalloc byte[UserDirectory.MaximumIdBytes];
        if (!Encoding.UTF8.TryGetBytes(userId, buffer, out var length) || length == 0)
        {
            throw new ArgumentException($"A user id has 1..{UserDirectory.MaximumIdBytes} bytes of UTF-8.", nameof(userId));
        }

        var id = buffer[..length];
        var hash = _users.Hash(id);
        var user = _users.Find(id, hash);
        if (user == UserRecord.None && UserCount == MaximumUsers) Remove(_oldest);

        var stripe = UserDirectory.StripeOf(hash);
        Begin(stripe);
        if (user == UserRecord.None)
        {
            user = _users.Add(id, hash);
            ref var added = ref _users.Record(user);
            (added.Older, added.Newer) = (UserRecord.None, UserRecord.None);
            added.EventBlock = _events[0].Allocate();
            LinkNewest(user);
        }
        else if (user != _newest)
        {
            Unlink(user);
            LinkNewest(user);
        }

        ref var record = ref _users.Record(user);
        var changed = Insert(ref record, interaction);
        // Offsets count from 0, and a version of 0 is that of no history.
        if (changed) record.Version = offset.Value + 1;
        End(stripe);

        if (_users.StripeToSplit is >= 0 and var splitting)
        {
            Begin(splitting);
            _users.Split();
            End(splitting);
        }

        return changed;
    }

    /// <summary>Forgets a user. Writer only.</summary>
    /// <returns>False for a user without a history.</returns>
    public bool Remove(string userId)
    {
        ArgumentNullException.ThrowIfNull(userId);
        Span<byte> buffer = stackalloc byte[UserDirectory.MaximumIdBytes];
        if (!Encoding.UTF8.TryGetBytes(userId, buffer, out var length) || length == 0) return false;
        var user = _users.Find(buffer[..length], _users.Hash(buffer[..length]));
        if (user == UserRecord.None) return false;
        Remove(user);
        return true;
    }

    private void Remove(int user)
    {
        ref var record = ref _users.Record(user);
        var stripe = UserDirectory.StripeOf(record.Hash);
        Begin(stripe);
        Unlink(user);
        _events[record.EventClass].Free(record.EventBlock);
        _users.Remove(user);
        End(stripe);
    }

    private bool TryCopy(in UserRecord record, Span<HistoryEvent> events)
    {
        // A torn record can name anything.
        if (record.EventClass >= _events.Length || !_events[record.EventClass].TryBlock(record.EventBlock, out var stored)) return false;
        if (record.EventCount > stored.Length) return false;
        for (var i = 0; i < record.EventCount; i++) events[i] = stored[i].Unpack();
        return true;
    }

    private bool Insert(ref UserRecord record, in HistoryEvent interaction)
    {
        var events = _events[record.EventClass].Block(record.EventBlock);
        var place = (int)record.EventCount;
        // Almost always the newest: the search from the end is one comparison.
        while (place > 0 && events[place - 1].EventTimeMs > interaction.EventTimeMs) place--;

        if (record.EventCount == MaximumLength)
        {
            if (place == 0) return false;
            place--;
            events[1..(place + 1)].CopyTo(events);
        }
        else
        {
            if (record.EventCount == events.Length) events = GrowEvents(ref record, events);
            events[place..record.EventCount].CopyTo(events[(place + 1)..]);
            record.EventCount++;
        }

        events[place] = new StoredEvent(interaction);
        return true;
    }

    private Span<StoredEvent> GrowEvents(scoped ref UserRecord record, ReadOnlySpan<StoredEvent> events)
    {
        var pool = _events[record.EventClass + 1];
        var block = pool.Allocate();
        events.CopyTo(pool.Block(block));
        _events[record.EventClass].Free(record.EventBlock);
        record.EventClass++;
        record.EventBlock = block;
        return pool.Block(block);
    }

    private void LinkNewest(int user)
    {
        ref var record = ref _users.Record(user);
        (record.Older, record.Newer) = (_newest, UserRecord.None);
        if (_newest != UserRecord.None) _users.Record(_newest).Newer = user;
        else _oldest = user;
        _newest = user;
    }

    private void Unlink(int user)
    {
        ref var record = ref _users.Record(user);
        if (record.Older != UserRecord.None) _users.Record(record.Older).Newer = record.Newer;
        else _oldest = record.Newer;
        if (record.Newer != UserRecord.None) _users.Record(record.Newer).Older = record.Older;
        else _newest = record.Older;
    }

    // Odd while the stripe is changed: readers that see it, or see it move, read again (Lameter 2005 calls it a sequence lock).
    private void Begin(int stripe)
    {
        Volatile.Write(ref _sequences[stripe], _sequences[stripe] + 1);
        Volatile.WriteBarrier();
    }

    private void End(int stripe) => Volatile.Write(ref _sequences[stripe], _sequences[stripe] + 1);
}
