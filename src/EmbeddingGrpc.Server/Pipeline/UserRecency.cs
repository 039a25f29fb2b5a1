namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>Users in the order in which their histories last changed: a list linked through their records. One writer, no readers.</summary>
internal sealed class UserRecency(UserDirectory users)
{
    private int _newest = UserRecord.None;

    /// <summary>The user whose history changed longest ago.</summary>
    public int Oldest { get; private set; } = UserRecord.None;

    /// <summary>Puts a user at the new end.</summary>
    public void MoveToNewest(int user, bool isNew)
    {
        if (user == _newest) return;
        if (!isNew) Remove(user);
        ref var record = ref users.Record(user);
        (record.Older, record.Newer) = (_newest, UserRecord.None);
        if (_newest != UserRecord.None) users.Record(_newest).Newer = user;
        else Oldest = user;
        _newest = user;
    }

    /// <summary>Takes a user out.</summary>
    public void Remove(int user)
    {
        ref var record = ref users.Record(user);
        if (record.Older != UserRecord.None) users.Record(record.Older).Newer = record.Newer;
        else Oldest = record.Newer;
        if (record.Newer != UserRecord.None) users.Record(record.Newer).Older = record.Older;
        else _newest = record.Older;
    }
}
