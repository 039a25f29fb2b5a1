using System.Globalization;
using EmbeddingGrpc.Client;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Simulation;

/// <summary>
/// A seeded world of behaviour. Items belong to topics and fall in popularity by Zipf's law; a user has a taste for one to three topics; a session
/// keeps to one of them, and an item tends to be followed by one of a few others of its topic. What a user does next can therefore be learned from
/// what others did, but only in part: the rest is the topic's popularity and noise. Immutable after construction.
/// </summary>
internal sealed class SimulatedWorld
{
    // The first moment of the simulated time: 2024-01-01. Fixed, so that a world is the same on every day it is made.
    private const long StartTimeMs = 1_704_067_200_000;
    private const long DayMs = 86_400_000;
    private const int Days = 60;

    // An item is followed by one of this many of its own topic, the nearer the likelier.
    private const int Followers = 6;

    private readonly SimulatedWorldOptions _options;
    private readonly int[][] _topicItems;
    private readonly ZipfSampler[] _topicPopularity;
    private readonly ZipfSampler _popularity;
    private readonly ZipfSampler _topicChoice;
    private readonly ZipfSampler _followers;
    private readonly string[] _itemIds;
    private readonly int[] _placeInTopic;

    public SimulatedWorld(SimulatedWorldOptions options)
    {
        _options = options;
        var topics = Math.Min(options.Topics, options.Items);
        var random = RandomOf(0);

        // Ranks are dealt to topics by a shuffle: every topic holds both popular and rare items.
        var topicOf = Enumerable.Range(0, options.Items).Select(rank => rank % topics).ToArray();
        random.Shuffle(topicOf);
        var members = Enumerable.Range(0, topics).Select(_ => new List<int>()).ToArray();
        for (var item = 0; item < options.Items; item++) members[topicOf[item]].Add(item);
        _topicItems = [.. members.Select(list => list.ToArray())];
        _itemIds = new string[options.Items];
        for (var topic = 0; topic < topics; topic++)
        {
            var name = TopicNames.Of(topic);
            for (var i = 0; i < _topicItems[topic].Length; i++) _itemIds[_topicItems[topic][i]] = $"{name}-{(i + 1).ToString("000", CultureInfo.InvariantCulture)}";
        }

        TopicOf = topicOf;
        _popularity = new ZipfSampler(options.Items, options.ZipfExponent);
        _topicPopularity = [.. _topicItems.Select(items => new ZipfSampler(items.Length, options.ZipfExponent))];
        _topicChoice = new ZipfSampler(topics, 0.5);
        _followers = new ZipfSampler(Followers, 1.0);

        // What follows what is a ring through the topic in an order that has nothing to do with popularity.
        _placeInTopic = new int[options.Items];
        FollowOrder = [.. _topicItems.Select(items => items.ToArray())];
        foreach (var ring in FollowOrder)
        {
            random.Shuffle(ring);
            for (var place = 0; place < ring.Length; place++) _placeInTopic[ring[place]] = place;
        }
    }

    /// <summary>Item ids; the most popular first.</summary>
    public IReadOnlyList<string> ItemIds => _itemIds;

    /// <summary>The topic of each item.</summary>
    public IReadOnlyList<int> TopicOf { get; }

    private int[][] FollowOrder { get; }

    /// <summary>Everything that happened, in time order.</summary>
    public IReadOnlyList<UserInteraction> Interactions()
    {
        var all = new List<UserInteraction>(_options.Users * _options.SessionsPerUser * _options.SessionLength);
        for (var user = 0; user < _options.Users; user++) AddHistory(user, all);

        // Stable: what one user did in the same millisecond stays in its order.
        return [.. all.OrderBy(interaction => interaction.EventTimeMs)];
    }

    private void AddHistory(int user, List<UserInteraction> all)
    {
        var random = RandomOf(user + 1L);
        var id = $"user-{(user + 1).ToString("00000", CultureInfo.InvariantCulture)}";
        var tastes = Enumerable.Range(0, random.Next(1, 4)).Select(_ => _topicChoice.Draw(random)).ToArray();
        var seen = new HashSet<int>();
        var time = StartTimeMs + (long)(random.NextDouble() * 10 * DayMs);
        for (var session = Around(_options.SessionsPerUser, random); session > 0; session--)
        {
            var topic = tastes[random.Next(tastes.Length)];
            var last = -1;
            for (var step = Around(_options.SessionLength, random); step > 0; step--)
            {
                // Nobody looks at the same thing twice: a repeated draw is drawn again, and given up on where the topic is used up.
                for (var attempt = 0; attempt < 8; attempt++)
                {
                    var item = Next(topic, last, random);
                    if (!seen.Add(item)) continue;
                    all.Add(new UserInteraction(id, _itemIds[item], time) { Type = InteractionType.Click });
                    last = item;
                    break;
                }

                time += 5_000 + random.Next(120_000);
            }

            time += (long)((0.2 + random.NextDouble()) * Days / _options.SessionsPerUser * DayMs * 0.7);
        }
    }

    private int Next(int topic, int last, Random random)
    {
        var chance = random.NextDouble();
        if (last >= 0 && chance < _options.FollowProbability)
        {
            var ring = FollowOrder[TopicOf[last]];
            return ring[(_placeInTopic[last] + 1 + _followers.Draw(random)) % ring.Length];
        }

        return chance < _options.FollowProbability + _options.TopicProbability
            ? _topicItems[topic][_topicPopularity[topic].Draw(random)]
            : _popularity.Draw(random);
    }

    private static int Around(int mean, Random random) => Math.Max(2, random.Next((mean + 1) / 2, mean + (mean / 2) + 1));

    // One stream of random numbers for each user, so that a larger world holds the smaller one's users.
    private Random RandomOf(long stream) => new(unchecked((int)(_options.Seed * 0x9E3779B97F4A7C15UL >> 33) ^ (int)(stream * 0x85EBCA6B)));
}
