using System.Globalization;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Simulation;

/// <summary>
/// A seeded world that never ends and never stays the same: sessions begin and end, tastes change, things come and go. What is learned of it goes
/// stale, as in life. Not thread-safe; the same seed gives the same sequence.
/// </summary>
internal sealed class DriftingWorld
{
    private const int TastesPerUser = 3;

    private readonly DriftingWorldOptions _options;
    private readonly Random _random;
    private readonly DriftingTopic[] _topics;
    private readonly ZipfSampler _popularity;
    private readonly int[] _tastes;
    private readonly OpenSession[] _sessions;
    private long _count;

    public DriftingWorld(DriftingWorldOptions options)
    {
        _options = options;
        _random = new Random(unchecked((int)(options.Seed ^ (options.Seed >> 32))));
        _topics = [.. Enumerable.Range(0, options.Topics).Select(topic => new DriftingTopic(TopicNames.Of(topic), options.ItemsPerTopic))];
        _popularity = new ZipfSampler(options.ItemsPerTopic, options.ZipfExponent);
        _tastes = new int[checked(options.Users * TastesPerUser)];
        for (var i = 0; i < _tastes.Length; i++) _tastes[i] = _random.Next(options.Topics);
        _sessions = new OpenSession[options.OpenSessions];
    }

    /// <summary>Things that were not there at the beginning.</summary>
    public long NewItems { get; private set; }

    /// <summary>What happens next.</summary>
    public SimulatedInteraction Next()
    {
        if (++_count % _options.InteractionsPerNewItem == 0)
        {
            _topics[_random.Next(_topics.Length)].Renew(_random);
            NewItems++;
        }
        ref var session = ref _sessions[_random.Next(_sessions.Length)];
        if (session.Remaining == 0) session = Begin();
        var noise = _random.NextDouble() < _options.NoiseProbability;
        var topic = _topics[noise ? _random.Next(_topics.Length) : session.Topic];
        var follows = !noise && session.Last > 0 && _random.NextDouble() < _options.FollowProbability;
        var item = follows ? topic.Follow(session.Last, _random) : topic.Draw(_popularity, _random);
        if (!noise) session.Last = item;
        session.Remaining--;
        return new SimulatedInteraction(
            "user-" + (session.User + 1).ToString("00000", CultureInfo.InvariantCulture),
            topic.IdOf(item),
            _random.Next(20) == 0 ? InteractionType.Purchase : InteractionType.Click);
    }

    private OpenSession Begin()
    {
        var user = _random.Next(_options.Users);
        var tastes = _tastes.AsSpan(user * TastesPerUser, TastesPerUser);
        if (_random.NextDouble() < _options.TasteChange) tastes[_random.Next(TastesPerUser)] = _random.Next(_options.Topics);
        return new OpenSession { User = user, Topic = tastes[_random.Next(TastesPerUser)], Remaining = 1 + _random.Next(2 * _options.SessionLength - 1) };
    }

    private struct OpenSession
    {
        public int User;
        public int Topic;
        public int Last;
        public int Remaining;
    }
}
