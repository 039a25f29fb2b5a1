using System.IO.Hashing;
using System.Text;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Graph;

namespace EmbeddingGrpc.Server.Recall.Blending;

/// <summary>
/// Questions that blend weights are learned from: the last interactions of a sample of users, which <see cref="Hides"/> keeps out of what shall not know
/// the answers. Immutable.
/// </summary>
internal sealed class BlendQuestions
{
    private readonly Dictionary<string, (long TimeMs, string ItemId)> _lastOf;

    private BlendQuestions(IReadOnlyList<BlendQuestion> all, ItemKeys items)
    {
        All = all;
        _lastOf = all.ToDictionary(question => question.UserId, question => (question.Target.EventTimeMs, items.IdOf(question.Target.Item)), StringComparer.Ordinal);
    }

    /// <summary>The questions, in an order that is the same whenever the users are.</summary>
    public IReadOnlyList<BlendQuestion> All { get; }

    /// <summary>Draws users by lot: which ones depends on their ids and the seed alone.</summary>
    /// <param name="histories">What users did.</param>
    /// <param name="items">Item keys.</param>
    /// <param name="trains">Whether an interaction of a type and a weight trains.</param>
    /// <param name="fromMs">Last interactions before this time are not asked for.</param>
    /// <param name="most">How many at most.</param>
    /// <param name="seed">Of the lot.</param>
    /// <param name="cancellationToken">Checked between users.</param>
    public static BlendQuestions Draw(
        UserHistories histories, ItemKeys items, Func<InteractionType, float, bool> trains, long fromMs, int most, ulong seed, CancellationToken cancellationToken)
    {
        var id = new byte[UserDirectory.MaximumIdBytes];
        var events = new StoredEvent[histories.MaximumLength];
        var drawn = new PriorityQueue<BlendQuestion, ulong>(Comparer<ulong>.Create(static (left, right) => right.CompareTo(left)));
        for (var slot = 0; slot < histories.SlotCount && most > 0; slot++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!histories.TryReadSlot(slot, id, events, out var record)) continue;
            var lot = XxHash3.HashToUInt64(id.AsSpan(0, record.IdLength), unchecked((long)seed));
            if (drawn.Count == most && drawn.TryPeek(out _, out var last) && lot >= last) continue;
            if (Ask(id.AsSpan(0, record.IdLength), events.AsSpan(0, record.EventCount), trains, fromMs) is not { } question) continue;
            if (drawn.Count == most) drawn.Dequeue();
            drawn.Enqueue(question, lot);
        }

        return new BlendQuestions([.. drawn.UnorderedItems.OrderBy(static entry => entry.Priority).Select(static entry => entry.Element)], items);
    }

    /// <summary>Whether an interaction is an answer, or came after one.</summary>
    public bool Hides(in Interaction interaction) =>
        _lastOf.TryGetValue(interaction.UserId, out var last)
        && (interaction.EventTimeMs > last.TimeMs || (interaction.EventTimeMs == last.TimeMs && interaction.ItemId == last.ItemId));

    private static BlendQuestion? Ask(ReadOnlySpan<byte> id, ReadOnlySpan<StoredEvent> events, Func<InteractionType, float, bool> trains, long fromMs)
    {
        if (events.Length < 2) return null;
        var target = events[^1].Unpack();
        if (target.EventTimeMs < fromMs || !GraphWindow.Connects(target) || !trains(target.Type, target.Weight)) return null;
        var before = new HistoryEvent[events.Length - 1];
        for (var i = 0; i < before.Length; i++)
        {
            before[i] = events[i].Unpack();
            if (before[i].Item == target.Item) return null;
        }

        return new BlendQuestion(Encoding.UTF8.GetString(id), before, target);
    }
}
