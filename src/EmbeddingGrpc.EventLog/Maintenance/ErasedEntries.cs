using System.Diagnostics.CodeAnalysis;

namespace EmbeddingGrpc.EventLog.Maintenance;

/// <summary>Which entries of the log must go: what erased users did, or what deleted items were upserted with. One thread.</summary>
internal sealed class ErasedEntries
{
    private const int MostAnswers = 100_000;

    private readonly Func<string, bool> _isErased;
    private readonly bool _areItems;
    private readonly Dictionary<string, bool> _answers = new(StringComparer.Ordinal);

    private ErasedEntries(Func<string, bool> isErased, bool areItems) => (_isErased, _areItems) = (isErased, areItems);

    /// <summary>The interactions of users.</summary>
    public static ErasedEntries OfUsers(Func<string, bool> isErased) => new(isErased, areItems: false);

    /// <summary>The attributes of items; what users did with them stays.</summary>
    public static ErasedEntries OfItems(Func<string, bool> isErased) => new(isErased, areItems: true);

    /// <summary>Whether an entry must go. The answer for an id is kept: asking may mean a keyed hash.</summary>
    public bool Contains(in LogEntry entry)
    {
        if (!TryGetId(entry, out var id)) return false;
        if (_answers.TryGetValue(id, out var answer)) return answer;
        if (_answers.Count >= MostAnswers) _answers.Clear();
        return _answers[id] = _isErased(id);
    }

    private bool TryGetId(in LogEntry entry, [NotNullWhen(true)] out string? id)
    {
        id = null;
        if (_areItems) id = (entry.Record as ItemUpserted)?.ItemId;
        else if (entry.IsInteraction) id = entry.Interaction.UserId;
        return id is not null;
    }
}
