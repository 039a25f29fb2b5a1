namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>
/// Some hundred interactions, one after the other in the log, that were just applied, and what their users did around them: each as it was when the
/// interaction was applied. Filled anew for each call.
/// </summary>
/// <param name="capacity">Interactions at most.</param>
/// <param name="contextLength">Events kept before each, and after each.</param>
internal sealed class AppliedBatch(int capacity, int contextLength)
{
    private readonly AppliedInteraction[] _interactions = new AppliedInteraction[capacity];
    private readonly Context[] _contexts = new Context[capacity];
    private readonly HistoryEvent[] _events = new HistoryEvent[capacity * 2 * contextLength];
    private int _count;
    private int _eventCount;

    /// <summary>The interactions, in the order of the log.</summary>
    public ReadOnlySpan<AppliedInteraction> Interactions => _interactions.AsSpan(0, _count);

    /// <summary>The user's events just before an interaction in time, oldest first; none where it found no place in the history.</summary>
    /// <param name="index">Of the interaction.</param>
    public ReadOnlySpan<HistoryEvent> Before(int index) => _events.AsSpan(_contexts[index].Start, _contexts[index].Before);

    /// <summary>The user's events just after an interaction in time, oldest first: there are some only where it came late.</summary>
    /// <param name="index">Of the interaction.</param>
    public ReadOnlySpan<HistoryEvent> After(int index) => _events.AsSpan(_contexts[index].Start + _contexts[index].Before, _contexts[index].After);

    /// <summary>Events in the user's history, the interaction included if it has a place in it.</summary>
    /// <param name="index">Of the interaction.</param>
    public int HistoryLength(int index) => _contexts[index].HistoryLength;

    /// <summary>Begins anew.</summary>
    internal void Clear() => (_count, _eventCount) = (0, 0);

    /// <summary>Adds an interaction.</summary>
    /// <param name="interaction">The interaction.</param>
    /// <param name="history">The user's events, it included.</param>
    /// <param name="place">Where it stands among them; -1 where it does not.</param>
    internal void Add(in AppliedInteraction interaction, ReadOnlySpan<StoredEvent> history, int place)
    {
        var before = Math.Min(contextLength, Math.Max(0, place));
        var after = place < 0 ? 0 : Math.Min(contextLength, history.Length - place - 1);
        _interactions[_count] = interaction;
        _contexts[_count++] = new Context(_eventCount, before, after, history.Length);
        for (var i = place - before; i < place; i++) _events[_eventCount++] = history[i].Unpack();
        for (var i = place + 1; i <= place + after; i++) _events[_eventCount++] = history[i].Unpack();
    }

    private readonly record struct Context(int Start, int Before, int After, int HistoryLength);
}
