using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Tests.Pipeline;

/// <summary>What <see cref="UserHistories"/> means, in the plainest way.</summary>
internal sealed class NaiveHistories(int maximumLength, int maximumUsers)
{
    private readonly Dictionary<string, (List<HistoryEvent> Events, long Version)> _users = [];
    private readonly List<string> _oldestFirst = [];

    public int Count => _users.Count;

    public void Apply(string user, HistoryEvent interaction, long offset)
    {
        if (!_users.TryGetValue(user, out var history))
        {
            if (_users.Count == maximumUsers) Remove(_oldestFirst[0]);
            history = ([], 0);
        }

        if (history.Events.Count == maximumLength && interaction.EventTimeMs < history.Events[0].EventTimeMs) return;
        _oldestFirst.Remove(user);
        _oldestFirst.Add(user);
        // OrderBy is stable: of equal times the later applied stays the later one.
        _users[user] = (history.Events.Append(interaction).OrderBy(e => e.EventTimeMs).TakeLast(maximumLength).ToList(), offset + 1);
    }

    public bool Remove(string user) => _oldestFirst.Remove(user) & _users.Remove(user);

    public bool TryRead(string user, out List<HistoryEvent> events, out long version)
    {
        var found = _users.TryGetValue(user, out var history);
        (events, version) = found ? history : ([], 0);
        return found;
    }
}
