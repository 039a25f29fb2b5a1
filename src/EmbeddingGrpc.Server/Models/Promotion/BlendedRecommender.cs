using System.Runtime.InteropServices;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Recall;
using EmbeddingGrpc.Training.Evaluation;

namespace EmbeddingGrpc.Server.Models.Promotion;

/// <summary>
/// Asks for a user as a recall does, by all sources together: vectors, the item graph and what is popular, as they were at the cut. One thread; the
/// caller keeps the tables alive.
/// </summary>
/// <param name="name">What it is called in reports.</param>
/// <param name="space">Vectors, graph and popularity, none of which knows anything of what is after the cut.</param>
/// <param name="options">How histories are asked; what the sources count is the generation's or fixed here.</param>
/// <param name="heldOut">What will be asked; items that it does not know from before the cut are not recommended.</param>
/// <param name="cancellationToken">Checked within questions.</param>
internal sealed class BlendedRecommender(string name, RecallSpace space, RecallOptions options, HeldOut heldOut, CancellationToken cancellationToken) : IRecommender
{
    private readonly RecallEngine _engine = new(options);
    private readonly List<HistoryEvent> _history = [];

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public bool IsCold(int item) => !space.Generation.TryGetOrdinal(heldOut.IdOf(item), out _);

    /// <inheritdoc/>
    public int Recommend(IReadOnlyList<int> history, Span<int> recommended)
    {
        _history.Clear();
        foreach (var item in history)
            if (space.Items.TryGet(heldOut.IdOf(item), out var key))
                _history.Add(new HistoryEvent(key, InteractionType.Click, _history.Count, 1));
        var query = new RecallQuery { Subject = new UserSubject(string.Empty), K = recommended.Length, ExcludeSeen = true };
        var count = 0;
        foreach (var candidate in _engine.Search(space, query, CollectionsMarshal.AsSpan(_history), cancellationToken).Candidates)
        {
            var id = candidate.Item.IsInGeneration ? space.Generation.IdOf(candidate.Item.Ordinal) : space.Items.IdOf(candidate.Item.Key);
            if (heldOut.TryGetItem(id, out var item) && heldOut.CountOf(item) > 0) recommended[count++] = item;
        }

        return count;
    }
}
