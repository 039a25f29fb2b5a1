using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models.Settings;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Models.FoldIn;

/// <summary>
/// Folds what the log says of new items into one generation: from where its training ended or, where what was gathered since was kept, from there. One
/// caller at a time (calls wait for each other); readers of the generation are not held up.
/// </summary>
internal sealed class GenerationFolder
{
    /// <summary>Reading fewer entries again takes less than half a second.</summary>
    public const long EntriesWorthKeeping = 100_000;

    // Hundreds are read in the time that the vectors of one item take: what is new shall be known before it is chosen from.
    private const int EntriesBetweenFolds = 16_384;

    // Vectors between two looks at the log; some hundredths of a second.
    private const int FoldsAtOnce = 16;

    // Some seconds of one processor.
    private const int MostBetter = 4096;

    private readonly Generation _generation;
    private readonly ModelSettings _settings;
    private readonly InteractionLog _log;
    private readonly AppliedState _state;
    private readonly FoldInMath _math;
    private readonly Lock _oneAtATime = new();
    private readonly FoldInItems _items;
    private readonly UntouchedItems _untouched = new();
    private readonly FoldInQueue _waiting = new(MostBetter);
    private readonly FoldInCounts _counts;
    private readonly FoldInFile? _file;
    private readonly Queue<KeptItem> _kept = new();
    private readonly List<(FoldInItem Item, KeptContext Context)> _later = [];
    private readonly HistoryEvent[] _history;
    private long _position;
    private long _keptThrough;
    private bool _isPrepared;

    /// <summary>Begins to fold in.</summary>
    /// <param name="generation">The generation.</param>
    /// <param name="settings">The model's options.</param>
    /// <param name="log">Its log.</param>
    /// <param name="state">What of it is applied.</param>
    /// <param name="counts">Receives what is left out.</param>
    /// <param name="file">Where what is gathered is kept; null where it is not.</param>
    public GenerationFolder(Generation generation, ModelSettings settings, InteractionLog log, AppliedState state, FoldInCounts counts, FoldInFile? file = null)
    {
        _counts = counts;
        _file = file;
        _generation = generation;
        _settings = settings;
        _log = log;
        _state = state;
        // Items that were folded in are contexts of newer ones.
        _items = new FoldInItems(generation, generation.TryGetOrdinal);
        _math = new FoldInMath(generation, settings.Current, state.Catalog);
        _history = new HistoryEvent[state.Histories.MaximumLength];
        _position = _keptThrough = generation.TrainedOffset.Value;
    }

    /// <summary>Log entries that were looked at.</summary>
    public LogOffset FoldedOffset => new(Volatile.Read(ref _position));

    /// <summary>Items that wait for vectors, or for better ones.</summary>
    public bool HasWork => _kept.Count + _waiting.First + _waiting.Better > 0 || (UsesAttributes && _untouched.HasWork(_state.Items.Count));

    /// <summary>Items that wait for their first vectors, those that were kept included.</summary>
    public int WaitingForFirst => _kept.Count + _waiting.First;

    /// <summary>Items that wait for better vectors.</summary>
    public int WaitingForBetter => _waiting.Better;

    /// <summary>Whether everything before an offset is folded in. Waits for what is being done.</summary>
    public bool IsDone(LogOffset offset)
    {
        lock (_oneAtATime) return _position >= offset.Value && !HasWork;
    }

    /// <summary>Whether the first item will not wait for the indexes.</summary>
    public bool IsPrepared => Volatile.Read(ref _isPrepared);

    /// <summary>Where a start would begin to read the log: what was gathered before is in the file.</summary>
    public LogOffset KeptThrough => new(Volatile.Read(ref _keptThrough));

    /// <summary>Makes the indexes ready to be written to and reads what was kept, once.</summary>
    public void Prepare()
    {
        if (IsPrepared) return;
        lock (_oneAtATime)
        {
            if (_isPrepared) return;
            _generation.PrepareFoldIn();
            Open();
            Volatile.Write(ref _isPrepared, true);
        }
    }

    /// <summary>Folds in everything before an offset.</summary>
    /// <param name="to">Applied already: the users' histories hold it.</param>
    /// <param name="cancellationToken">Checked between interactions and items.</param>
    public void CatchUp(LogOffset to, CancellationToken cancellationToken)
    {
        Prepare();
        lock (_oneAtATime)
        {
            Restore(to, int.MaxValue, cancellationToken);
            Read(to, long.MaxValue, cancellationToken);
            while (_waiting.TryTakeFirst(out var item)) Fold(item, cancellationToken);
            while (_waiting.TryTakeBetter(out var item)) Fold(item, cancellationToken);
            while (FoldUntouched(int.MaxValue, cancellationToken))
            {
            }
        }
    }

    /// <summary>
    /// Folds in some of what is before an offset: new items first, the newest before the others, then some that were kept; where no new item waits, some of those
    /// that get better vectors, and where the log is read too, some of the items that nobody has touched.
    /// </summary>
    /// <inheritdoc cref="CatchUp" path="/param"/>
    public void Advance(LogOffset to, CancellationToken cancellationToken)
    {
        lock (_oneAtATime)
        {
            Read(to, EntriesBetweenFolds, cancellationToken);
            for (var done = 0; done < FoldsAtOnce && _waiting.TryTakeFirst(out var item); done++) Fold(item, cancellationToken);
            Restore(to, FoldsAtOnce, cancellationToken);
            if (_waiting.First > 0) return;
            for (var done = 0; done < FoldsAtOnce && _waiting.TryTakeBetter(out var item); done++) Fold(item, cancellationToken);
            if (_position >= to.Value && _waiting.Better == 0) FoldUntouched(FoldsAtOnce, cancellationToken);
        }
    }

    /// <summary>Keeps what was gathered, where there is a file and all of the last one is folded in again. Waits for what is being done.</summary>
    public void Keep()
    {
        lock (_oneAtATime)
        {
            if (_file is null || _kept.Count > 0 || _position == _keptThrough) return;
            if (_file.TryWrite(_generation.Id, FoldedOffset, _items.All, ReferenceOf)) Volatile.Write(ref _keptThrough, _position);
        }
    }

    private bool UsesAttributes => _settings.Current.FoldIn.AttributeWeight > 0 && _state.Catalog.Count > 0;

    private bool IsFull => _generation.ItemCount - _generation.Vocabulary.Count >= _settings.Current.FoldIn.MaximumItems;

    private void Open()
    {
        if (_file?.TryRead(_generation.Id, _log.DurableOffset, _generation.Vocabulary.Count) is not { } kept || kept.Through < _generation.TrainedOffset) return;
        foreach (var item in kept.Items)
        {
            // Here at once, so that what comes meanwhile is added to it.
            _items.Add(item.Item);
            _kept.Enqueue(item);
        }

        Volatile.Write(ref _position, kept.Through.Value);
        Volatile.Write(ref _keptThrough, kept.Through.Value);
    }

    /// <summary>Folds items in again that were kept, with vectors of all their contexts.</summary>
    private void Restore(LogOffset to, int most, CancellationToken cancellationToken)
    {
        // Before that the keys of some may not be given yet.
        if (_kept.Count == 0 || to < KeptThrough) return;
        for (var done = 0; done < most && _kept.TryDequeue(out var kept); done++)
        {
            foreach (var context in kept.Contexts)
                if (!TryAdd(kept.Item, context)) _later.Add((kept.Item, context));
            kept.Item.IsKept = false;
            if (kept.Item.Contexts.Count > 0) Fold(kept.Item, cancellationToken);
        }

        if (_kept.Count > 0) return;
        // Contexts that are new themselves, and were not folded in before the item.
        foreach (var (item, context) in _later)
            if (TryAdd(item, context) && !item.IsFolded) Enqueue(item);
        _later.Clear();
    }

    private bool TryAdd(FoldInItem item, KeptContext context)
    {
        var ordinal = new ItemOrdinal(context.Reference);
        if (context.Reference < 0 && !_generation.TryGetOrdinal(new ItemKey(~context.Reference), out ordinal)) return false;
        item.AddKept(new FoldInContext(ordinal, context.Weight, context.IsBefore));
        return true;
    }

    private int ReferenceOf(ItemOrdinal item) => _generation.IsCold(item) && _generation.TryGetKey(item, out var key) ? ~key.Value : item.Value;

    private void Read(LogOffset to, long most, CancellationToken cancellationToken)
    {
        var from = new LogOffset(_position);
        var end = new LogOffset(Math.Min(to.Value, from.Value + Math.Min(most, long.MaxValue - from.Value)));
        if (end.Value <= from.Value) return;
        var options = _settings.Current;
        foreach (var entry in _log.ScanAll(from, end, cancellationToken))
        {
            if (entry.Record is ItemUpserted upserted && _state.Items.TryGet(upserted.ItemId, out var key)) _untouched.Changed(key);
            else if (entry.IsInteraction && options.TrainOn.Include(entry.Interaction)) Look(entry.Interaction, options);
            // At once: what is kept when this is stopped must not be looked at twice.
            Volatile.Write(ref _position, entry.Offset.Value + 1);
        }

        Volatile.Write(ref _position, end.Value);
    }

    private void Look(in Interaction interaction, ModelOptions options)
    {
        if (!_state.Items.TryGet(interaction.ItemId, out var key)) return;
        if (!_state.Histories.TryRead(interaction.UserId, _history, out var count, out _)) return;
        var place = PlaceOf(key, interaction.EventTimeMs, count);
        if (place >= 0) _items.Look(_history[place], _history.AsSpan(0, place), options, Enqueue);
    }

    private void Enqueue(FoldInItem item)
    {
        if (!item.IsKept && _waiting.Add(item)) _counts.Drop();
    }

    private void Fold(FoldInItem item, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var fits = !IsFull || _generation.TryGetOrdinal(item.Key, out _);
        if (fits && _math.Compute(item, _settings.Current.FoldIn)) _generation.FoldIn(item.Key, _math.Input, _math.Output, _math.Similarity);
        item.Folded();
    }

    /// <summary>Gives items without an interaction the vectors that their attributes make.</summary>
    /// <param name="most">Vectors to make at most.</param>
    /// <param name="cancellationToken">Checked between items.</param>
    /// <returns>Whether there may be more to do.</returns>
    private bool FoldUntouched(int most, CancellationToken cancellationToken)
    {
        if (!UsesAttributes) return false;
        // Better known attributes make better vectors of all that were made by them.
        if (_math.LearnAttributes(cancellationToken)) _untouched.Restart();
        var made = 0;
        while (made < most && _untouched.TryNext(_state.Items.Count, out var key))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var isKnown = _generation.TryGetOrdinal(key, out var ordinal);
            if (isKnown && (!_generation.IsCold(ordinal) || _items.HasContexts(key))) continue;
            if ((!isKnown && IsFull) || !_math.ComputeUntouched(key)) continue;
            _generation.FoldIn(key, _math.Input, _math.Output, _math.Similarity);
            made++;
        }

        return _untouched.HasWork(_state.Items.Count);
    }

    // From the newest on: where the log is followed it is the last one.
    private int PlaceOf(ItemKey key, long timeMs, int count)
    {
        for (var place = count - 1; place >= 0; place--)
        {
            if (_history[place].Item == key && _history[place].EventTimeMs == timeMs) return place;
            if (_history[place].EventTimeMs < timeMs) break;
        }

        return -1;
    }
}
