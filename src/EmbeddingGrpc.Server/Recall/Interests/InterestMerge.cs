using System.Runtime.InteropServices;
using EmbeddingGrpc.Server.Models;

namespace EmbeddingGrpc.Server.Recall.Interests;

/// <summary>What the interests of one history found, while they are searched one after the other. Belongs to one thread's scratch and keeps its memory.</summary>
internal sealed class InterestMerge
{
    private readonly List<Pull> _pulls = new(64);
    private readonly List<int> _interests = new(64);
    private readonly List<float> _factors = new(RecallQuery.MaximumInterests);
    private readonly Dictionary<CandidateId, int> _places = [];
    private readonly List<RecallCandidate> _candidates = new(1024);
    private readonly List<float> _contributions = [];

    /// <summary>Divides a history.</summary>
    public InterestClusters Clusters { get; } = new();

    /// <summary>Takes over the pulls.</summary>
    /// <param name="pulls">All of them, newest first.</param>
    /// <param name="interests">[pulls]: which interest each belongs to.</param>
    /// <param name="count">Interests.</param>
    public void Begin(List<Pull> pulls, ReadOnlySpan<int> interests, int count)
    {
        _pulls.Clear();
        _interests.Clear();
        _factors.Clear();
        _places.Clear();
        _candidates.Clear();
        _contributions.Clear();
        _pulls.AddRange(pulls);
        for (var i = 0; i < count; i++) _factors.Add(0);
        for (var i = 0; i < pulls.Count; i++)
        {
            _interests.Add(interests[i]);
            _factors[interests[i]] += pulls[i].Weight;
        }

        // Without weights the lesser interests crowd out the greater ones (hit rate at 10 on MovieLens .09 instead of .14); the root is as good as the weight
        // itself and lets them be seen a little more.
        var greatest = 0f;
        foreach (var weight in _factors) greatest = Math.Max(greatest, weight);
        for (var i = 0; i < count; i++) _factors[i] = MathF.Sqrt(_factors[i] / greatest);
    }

    /// <summary>Makes the scratch ready to search for one interest.</summary>
    public void Take(int interest, RecallScratch scratch)
    {
        scratch.BeginAnother();
        for (var i = 0; i < _pulls.Count; i++)
            if (_interests[i] == interest)
                scratch.Pulls.Add(_pulls[i]);
    }

    /// <summary>
    /// Adds what was found for an interest: its scores count by the root of its weight, and an item that several interests found has the best of its scores.
    /// </summary>
    /// <param name="interest">The interest.</param>
    /// <param name="explain">Whether to keep what each pull contributed.</param>
    /// <param name="scratch">Holds what was found.</param>
    public void Add(int interest, bool explain, RecallScratch scratch)
    {
        for (var c = 0; c < scratch.Candidates.Count; c++)
        {
            var found = scratch.Candidates[c];
            found = found with { Score = _factors[interest] * found.Score };
            if (!_places.TryGetValue(found.Item, out var place))
            {
                place = _candidates.Count;
                _places.Add(found.Item, place);
                _candidates.Add(found);
                if (explain) CollectionsMarshal.SetCount(_contributions, _candidates.Count * _pulls.Count);
            }
            else
            {
                var known = _candidates[place];
                _candidates[place] = new RecallCandidate(known.Item, Math.Max(known.Score, found.Score), known.Sources | found.Sources);
                if (found.Score <= known.Score) continue;
            }

            if (explain) Explain(interest, c, place, scratch);
        }
    }

    /// <summary>Leaves the best of all in the scratch, with all pulls.</summary>
    public void End(Generation generation, RecallQuery query, RecallScratch scratch)
    {
        scratch.BeginAnother();
        scratch.Pulls.AddRange(_pulls);
        scratch.Candidates.AddRange(_candidates);
        // Of equal scores always the same first.
        scratch.Candidates.Sort(static (left, right) => left.Score != right.Score ? right.Score.CompareTo(left.Score) : left.Item.Value.CompareTo(right.Item.Value));
        ColdPlaces.Cut(scratch.Candidates, query, generation);
        if (!query.Explain) return;
        var pulls = _pulls.Count;
        scratch.ClearContributions(scratch.Candidates.Count * pulls);
        for (var c = 0; c < scratch.Candidates.Count; c++)
            OwnOf(_places[scratch.Candidates[c].Item]).CopyTo(scratch.Contributions[(c * pulls)..]);
    }

    private Span<float> OwnOf(int place) => CollectionsMarshal.AsSpan(_contributions).Slice(place * _pulls.Count, _pulls.Count);

    private void Explain(int interest, int candidate, int place, RecallScratch scratch)
    {
        var own = OwnOf(place);
        var taken = 0;
        for (var p = 0; p < own.Length; p++)
        {
            own[p] = _interests[p] == interest
                ? _factors[interest] * scratch.Contributions[(candidate * scratch.Pulls.Count) + taken++]
                : 0;
        }
    }
}
