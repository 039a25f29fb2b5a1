using System.Text;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>
/// The most recent interactions of each user, in time order, bounded in length and in users. One writer (the applier); readers take a
/// copy, never hold the writer up, and read again where it changed the same stripe of users meanwhile.
/// </summary>
/// <remarks>
/// No object a user: 64 bytes of record, the id included (one above 32 bytes lies beside it, rounded up to 16), 4 of bucket, and events of 16 bytes in
/// blocks of 2, 4, 8, ..., <see cref="MaximumLength"/>. A user with two events weighs 100 bytes, one with 50 events 868.
/// </remarks>
public sealed class UserHistories : IDisposable
{
    private readonly UserDirectory _users = new();
    private readonly BlockPool<StoredEvent>[] _events;
    private readonly int[] _sequences = new int[UserDirectory.Stripes];
    private readonly OldestUsers _oldest;

    // Changes when users come and go.
    private int _membership;

    /// <summary>Starts without users.</summary>
    /// <param name="maximumLength">Interactions kept for a user at most; 1..65535.</param>
    /// <param name="maximumUsers">Users kept at most; the one whose history changed longest ago, in the order of the log, goes first.</param>
    public UserHistories(int maximumLength = 50, int maximumUsers = 10_000_000)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumLength, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maximumLength, ushort.MaxValue);
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumUsers, 1);
        (MaximumLength, MaximumUsers) = (maximumLength, maximumUsers);
        _oldest = new OldestUsers(_users);
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

            // What was read is not the collector's, and is there for as long as this is.
            GC.KeepAlive(this);
            if (!found) return false;
            if (!copied) throw NamesNothing();
            (count, version) = (record.EventCount, record.Version);
            return true;
        }
    }

    /// <summary>Places an interaction by its time among the user's latest; of equal times, the later applied is the later one. Writer only.</summary>
    /// <param name="userId">1..256 bytes of UTF-8.</param>
    /// <param name="interaction">What the user did.</param>
    /// <param name="offset">Its place in the log, from which the user's version is made.</param>
    /// <returns>
    /// False where nothing changes: it is older than all of a full history, or the history, restored from a checkpoint, has it already.
    /// </returns>
    public bool Apply(string userId, in HistoryEvent interaction, LogOffset offset)
    {
        ArgumentNullException.ThrowIfNull(userId);
        Span<byte> buffer = stackalloc byte[UserDirectory.MaximumIdBytes];
        if (!Encoding.UTF8.TryGetBytes(userId, buffer, out var length) || length == 0)
        {
            throw new ArgumentException($"A user id has 1..{UserDirectory.MaximumIdBytes} bytes of UTF-8.", nameof(userId));
        }

        var user = UserRecord.None;
        return Apply(buffer[..length], _users.Hash(buffer[..length]), ref user, interaction, offset, out _) == HistoryChange.Placed;
    }

    /// <summary>Forgets a user. Writer only.</summary>
    /// <returns>False for a user without a history.</returns>
    public bool Remove(string userId)
    {
        ArgumentNullException.ThrowIfNull(userId);
        Span<byte> buffer = stackalloc byte[UserDirectory.MaximumIdBytes];
        if (!Encoding.UTF8.TryGetBytes(userId, buffer, out var length) || length == 0) return false;
        var id = buffer[..length];
        var (hash, found) = (_users.Hash(id), false);
        // More than once where a checkpoint met the user in one slot, and again in another after the user had gone and come back.
        for (var user = _users.Find(id, hash); user != UserRecord.None; user = _users.Find(id, hash))
        {
            Remove(user);
            found = true;
        }

        return found;
    }

    /// <summary>The hash of an id, for the calls below.</summary>
    internal ulong Hash(ReadOnlySpan<byte> id) => _users.Hash(id);

    /// <summary>Says that a user will be looked for soon; then <see cref="WillReadRecord"/> and <see cref="WillApply"/> may follow, each a little later.</summary>
    internal void WillFind(ulong hash) => _users.WillFind(hash);

    /// <summary>Says that the record of the user is needed soon.</summary>
    internal void WillReadRecord(ulong hash)
    {
        if (_users.FirstInBucket(hash) is not UserRecord.None and var user) _users.WillRead(user);
    }

    /// <summary>Finds a user and says that an interaction will be applied to it soon. Writer only.</summary>
    /// <returns>The slot, for <see cref="Apply(ReadOnlySpan{byte}, ulong, ref int, in HistoryEvent, LogOffset, out int)"/>.</returns>
    internal int WillApply(ReadOnlySpan<byte> id, ulong hash)
    {
        var user = _users.Find(id, hash);
        if (user == UserRecord.None) return user;
        ref var record = ref _users.Record(user);
        var events = _events[record.EventClass].Block(record.EventBlock);
        CacheHint.WillRead(in events[Math.Min(record.EventCount, events.Length - 1)]);
        if (record.EventCount == MaximumLength) CacheHint.WillRead(in events[0]);
        return user;
    }

    /// <summary>Applies an interaction of a user that was looked for before. Writer only.</summary>
    /// <param name="id">1..256 bytes of UTF-8.</param>
    /// <param name="hash"><see cref="Hash"/> of it.</param>
    /// <param name="user">Where the user was found, which is checked, or none; becomes where it is now.</param>
    /// <param name="interaction">What the user did.</param>
    /// <param name="offset">Its place in the log.</param>
    /// <param name="place">Where it stands in <see cref="EventsOf"/> the user now.</param>
    internal HistoryChange Apply(ReadOnlySpan<byte> id, ulong hash, ref int user, in HistoryEvent interaction, LogOffset offset, out int place)
    {
        place = -1;
        if (user == UserRecord.None || !_users.Is(user, id, hash)) user = _users.Find(id, hash);
        if (user != UserRecord.None)
        {
            ref readonly var known = ref _users.Record(user);
            if (known.Version >= VersionAt(offset)) return HistoryChange.Repeated;
            if (known.EventCount == MaximumLength && _events[known.EventClass].First(known.EventBlock).EventTimeMs > interaction.EventTimeMs) return HistoryChange.TooOld;
        }
        else if (UserCount == MaximumUsers)
        {
            Remove(_oldest.Next());
        }

        ref var sequence = ref _sequences[UserDirectory.StripeOf(hash)];
        Begin(ref sequence);
        if (user == UserRecord.None) user = Add(id, hash, eventClass: 0);
        ref var record = ref _users.Record(user);
        place = Insert(ref record, interaction);
        record.Version = VersionAt(offset);
        End(ref sequence);
        SplitIfDue();
        return HistoryChange.Placed;
    }

    /// <summary>The events of a user, oldest first. Writer only, until its next change.</summary>
    internal ReadOnlySpan<StoredEvent> EventsOf(int user)
    {
        ref readonly var record = ref _users.Record(user);
        return _events[record.EventClass].Block(record.EventBlock)[..record.EventCount];
    }

    /// <summary>Who they are. To be filled before anything is applied, and <see cref="EndRestore"/> must follow then.</summary>
    internal UserDirectory Users => _users;

    /// <summary>Where the events lie, by <see cref="UserRecord.EventClass"/>; to be filled likewise.</summary>
    internal IReadOnlyList<BlockPool<StoredEvent>> Events => _events;

    /// <summary>Slots that users may lie in: 0..SlotCount - 1.</summary>
    internal int SlotCount => _users.SlotCount;

    /// <summary>Reads the user that lies in a slot, for a checkpoint; beside the writer, like any reader.</summary>
    /// <param name="slot">0..<see cref="SlotCount"/> - 1.</param>
    /// <param name="id">At least <see cref="UserDirectory.MaximumIdBytes"/> long; receives the id.</param>
    /// <param name="events">At least <see cref="MaximumLength"/> long; receives the history, oldest first.</param>
    /// <param name="record">Receives lengths and version.</param>
    /// <returns>False where nobody lies in it.</returns>
    internal bool TryReadSlot(int slot, Span<byte> id, Span<StoredEvent> events, out UserRecord record)
    {
        for (var spin = default(SpinWait); ; spin.SpinOnce(sleep1Threshold: -1))
        {
            // While nobody comes or goes, a slot keeps its user, and with it the stripe whose sequence guards the rest.
            var membership = Volatile.Read(ref _membership);
            if ((membership & 1) != 0) continue;
            var found = _users.TryReadSlot(slot, out record) && record.IdLength > 0;
            ref var sequence = ref _sequences[UserDirectory.StripeOf(record.Hash)];
            var before = Volatile.Read(ref sequence);
            if ((before & 1) != 0) continue;
            var copied = found && _users.TryReadSlot(slot, out record) && _users.TryCopyId(ref record, id)
                && TryStored(record, out var stored) && stored.TryCopyTo(events);
            Volatile.ReadBarrier();
            if (Volatile.Read(ref sequence) != before || Volatile.Read(ref _membership) != membership) continue;
            GC.KeepAlive(this);
            return copied || (found ? throw NamesNothing() : false);
        }
    }

    /// <summary>Reads the version of the history that lies in a slot, unguarded: it may be that of a moment ago, or of somebody who came or went meanwhile.</summary>
    /// <returns>False where nobody lies in it.</returns>
    internal bool TryGlanceVersion(int slot, out long version)
    {
        var found = _users.TryReadSlot(slot, out var record) && record.IdLength > 0;
        GC.KeepAlive(this);
        version = record.Version;
        return found;
    }

    /// <summary>Reads the hash of the user that lies in a slot, as unguarded.</summary>
    /// <returns>False where nobody lies in it.</returns>
    internal bool TryGlanceHash(int slot, out ulong hash)
    {
        var found = _users.TryReadSlot(slot, out var record) && record.IdLength > 0;
        GC.KeepAlive(this);
        hash = record.Hash;
        return found;
    }

    /// <summary>Puts back a user that a checkpoint kept. Before the first <see cref="Apply(string, in HistoryEvent, LogOffset)"/> only, and <see cref="EndRestore"/> must follow.</summary>
    internal void Restore(ReadOnlySpan<byte> id, ReadOnlySpan<StoredEvent> events, long version)
    {
        if (events.Length > MaximumLength) events = events[^MaximumLength..];
        var eventClass = 0;
        while (_events[eventClass].BlockLength < events.Length) eventClass++;
        ref var record = ref _users.Record(_users.Restore(id));
        (record.EventClass, record.EventBlock) = ((byte)eventClass, _events[eventClass].Allocate());
        events.CopyTo(_events[eventClass].Block(record.EventBlock));
        (record.EventCount, record.Version) = ((ushort)events.Length, version);
    }

    /// <summary>Lets restored users be found, and lets go of those that are too many: whose histories changed longest ago.</summary>
    internal void EndRestore()
    {
        _users.EndRestore();
        while (UserCount > MaximumUsers) Remove(_oldest.Next());
    }

    /// <summary>Gives the memory back at once instead of when the collector finds that nobody has it. Nobody reads any more.</summary>
    public void Dispose()
    {
        _users.Dispose();
        foreach (var pool in _events) pool.Dispose();
    }

    // Offsets count from 0, and a version of 0 is that of no history.
    private static long VersionAt(LogOffset offset) => offset.Value + 1;

    private int Add(ReadOnlySpan<byte> id, ulong hash, byte eventClass)
    {
        Begin(ref _membership);
        var user = _users.Add(id, hash);
        ref var record = ref _users.Record(user);
        (record.EventClass, record.EventBlock) = (eventClass, _events[eventClass].Allocate());
        End(ref _membership);
        return user;
    }

    private void SplitIfDue()
    {
        if (_users.StripeToSplit is not (>= 0 and var splitting)) return;
        Begin(ref _sequences[splitting]);
        _users.Split();
        End(ref _sequences[splitting]);
    }

    private void Remove(int user)
    {
        ref var record = ref _users.Record(user);
        ref var sequence = ref _sequences[UserDirectory.StripeOf(record.Hash)];
        Begin(ref sequence);
        Begin(ref _membership);
        _events[record.EventClass].Free(record.EventBlock);
        _users.Remove(user);
        End(ref _membership);
        End(ref sequence);
    }

    private bool TryCopy(in UserRecord record, Span<HistoryEvent> events)
    {
        if (!TryStored(record, out var stored)) return false;
        StoredEvent.Unpack(stored, events);
        return true;
    }

    private bool TryStored(in UserRecord record, out ReadOnlySpan<StoredEvent> stored)
    {
        stored = default;
        // A torn record can name anything.
        if (record.EventClass >= _events.Length || !_events[record.EventClass].TryBlock(record.EventBlock, out var block)) return false;
        if (record.EventCount > block.Length) return false;
        stored = block[..record.EventCount];
        return true;
    }

    // Returns the place where it stands now.
    private int Insert(ref UserRecord record, in HistoryEvent interaction)
    {
        var events = _events[record.EventClass].Block(record.EventBlock);
        var place = (int)record.EventCount;
        // Almost always the newest: the search from the end is one comparison.
        while (place > 0 && events[place - 1].EventTimeMs > interaction.EventTimeMs) place--;

        if (record.EventCount == MaximumLength)
        {
            // The oldest makes room; that nothing younger goes is known from Apply.
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
        return place;
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

    private static InvalidOperationException NamesNothing() => new("A user's history names events that do not exist.");

    // Odd while something is changed: readers that see it, or see it move, read again (Lameter 2005 calls it a sequence lock).
    private static void Begin(ref int sequence)
    {
        Volatile.Write(ref sequence, sequence + 1);
        Volatile.WriteBarrier();
    }

    private static void End(ref int sequence) => Volatile.Write(ref sequence, sequence + 1);
}
