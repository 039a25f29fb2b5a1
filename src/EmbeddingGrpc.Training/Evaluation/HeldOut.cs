using System.Runtime.InteropServices;

namespace EmbeddingGrpc.Training.Evaluation;

/// <summary>
/// What users did after a cut, as questions: at a moment after it, what the user did before is the history, and what the user goes on to is right.
/// Counts and popularity are those before the cut. Immutable.
/// </summary>
/// <remarks>
/// A history may reach beyond the cut, as that of a live user does: the past of its moment, never the future. An item that the user had before is no
/// right answer, because recalls leave it out.
/// </remarks>
public sealed class HeldOut
{
    private const int LongestHistory = 1000;

    private readonly List<string> _ids = [];
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly List<long> _counts = [];

    private HeldOut(TimeCut cut) => Cut = cut;

    /// <summary>Where the future begins.</summary>
    public TimeCut Cut { get; }

    /// <summary>The questions.</summary>
    public IReadOnlyList<HeldOutQuery> Queries { get; private set; } = [];

    /// <summary>Users with a question.</summary>
    public int Users { get; private set; }

    /// <summary>Items that occur anywhere, numbered from 0.</summary>
    public int ItemCount => _ids.Count;

    /// <summary>Items that occur before the cut.</summary>
    public int CatalogueCount { get; private set; }

    /// <summary>Interactions before the cut.</summary>
    public long TotalCount { get; private set; }

    /// <summary>The id of an item.</summary>
    public string IdOf(int item) => _ids[item];

    /// <summary>An item's interactions before the cut.</summary>
    public long CountOf(int item) => _counts[item];

    /// <summary>Finds an item's number.</summary>
    public bool TryGetItem(string itemId, out int item) => _numbers.TryGetValue(itemId, out item);

    /// <summary>Makes the questions.</summary>
    /// <param name="read">Reads all interactions, the same each time it is called (twice).</param>
    /// <param name="cut">Where the future begins.</param>
    /// <param name="options">How many questions.</param>
    /// <param name="cancellationToken">Checked now and then.</param>
    public static HeldOut Create(Func<IEnumerable<TimedInteraction>> read, TimeCut cut, EvaluationOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(read);
        ArgumentNullException.ThrowIfNull(options);
        var heldOut = new HeldOut(cut);
        var users = heldOut.Count(read(), cancellationToken);
        var asked = Sample(users, options);
        var sequences = heldOut.SequencesOf(asked, read(), cancellationToken);
        heldOut.Ask(sequences, options);
        return heldOut;
    }

    /// <summary>Numbers and counts items; returns the users of the future with how often they are in it.</summary>
    private Dictionary<string, int> Count(IEnumerable<TimedInteraction> interactions, CancellationToken cancellationToken)
    {
        var users = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (userId, itemId, time, mayTest) in interactions)
        {
            ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(_numbers, itemId, out bool known);
            if (!known)
            {
                cancellationToken.ThrowIfCancellationRequested();
                number = _ids.Count;
                _ids.Add(itemId);
                _counts.Add(0);
            }

            if (time < Cut.TimeMs)
            {
                if (_counts[number]++ == 0)
                {
                    CatalogueCount++;
                }

                TotalCount++;
            }
            else if (mayTest)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(users, userId, out _)++;
            }
        }

        return users;
    }

    /// <summary>Users until their questions suffice, by lot where not all are needed.</summary>
    private static HashSet<string> Sample(Dictionary<string, int> users, EvaluationOptions options)
    {
        string[] order = [.. users.Keys.Order(StringComparer.Ordinal)];
        var random = RandomSource.For(options.Seed, 1);
        var asked = new HashSet<string>(StringComparer.Ordinal);
        long queries = 0;
        for (int i = 0; i < order.Length && queries < options.MaximumQueries; i++)
        {
            int drawn = i + random.Next(order.Length - i);
            (order[i], order[drawn]) = (order[drawn], order[i]);
            asked.Add(order[i]);
            queries += Math.Min(users[order[i]], options.QueriesPerUser);
        }

        return asked;
    }

    private Dictionary<string, List<Step>> SequencesOf(HashSet<string> asked, IEnumerable<TimedInteraction> interactions, CancellationToken cancellationToken)
    {
        var sequences = new Dictionary<string, List<Step>>(StringComparer.Ordinal);
        foreach (var (userId, itemId, time, mayTest) in interactions)
        {
            if (!asked.Contains(userId))
            {
                continue;
            }

            cancellationToken.ThrowIfCancellationRequested();
            ref var sequence = ref CollectionsMarshal.GetValueRefOrAddDefault(sequences, userId, out _);
            sequence ??= [];
            sequence.Add(new Step(time, sequence.Count, _numbers[itemId], mayTest && time >= Cut.TimeMs));
        }

        return sequences;
    }

    private void Ask(Dictionary<string, List<Step>> sequences, EvaluationOptions options)
    {
        var queries = new List<HeldOutQuery>();
        foreach (var (_, sequence) in sequences.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            sequence.Sort();
            var places = FirstTimes(sequence);
            int count = Math.Min(Math.Min(places.Count, options.QueriesPerUser), options.MaximumQueries - queries.Count);
            for (int i = 0; i < count; i++)
            {
                int place = places[(int)((long)i * places.Count / count)];
                queries.Add(QueryAt(place, sequence, options));
            }

            Users += count > 0 ? 1 : 0;
        }

        Queries = queries;
    }

    /// <summary>Places in the future at which a user with a history does something for the first time.</summary>
    private static List<int> FirstTimes(List<Step> sequence)
    {
        var seen = new HashSet<int>();
        var places = new List<int>();
        for (int place = 0; place < sequence.Count; place++)
        {
            if (seen.Add(sequence[place].Item) && place > 0 && sequence[place].Tests)
            {
                places.Add(place);
            }
        }

        return places;
    }

    private HeldOutQuery QueryAt(int place, List<Step> sequence, EvaluationOptions options)
    {
        var seen = sequence.Take(place).Select(step => step.Item).ToHashSet();
        var targets = sequence.Skip(place).Where(step => step.Tests && seen.Add(step.Item)).Take(options.Horizon).Select(step => step.Item).ToArray();
        int[] history = [.. sequence.Take(place).TakeLast(LongestHistory).Select(step => step.Item)];
        return new HeldOutQuery(Users, history, targets);
    }

    private readonly record struct Step(long TimeMs, int Arrival, int Item, bool Tests) : IComparable<Step>
    {
        public int CompareTo(Step other)
        {
            int byTime = TimeMs.CompareTo(other.TimeMs);
            return byTime != 0 ? byTime : Arrival.CompareTo(other.Arrival);
        }
    }
}
