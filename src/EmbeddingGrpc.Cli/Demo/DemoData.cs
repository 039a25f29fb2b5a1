using EmbeddingGrpc.Cli.Evaluation;
using EmbeddingGrpc.Cli.Ingestion;
using EmbeddingGrpc.Cli.Recall;
using EmbeddingGrpc.Cli.Simulation;
using EmbeddingGrpc.Cli.Sources;
using EmbeddingGrpc.Client;

namespace EmbeddingGrpc.Cli.Demo;

/// <summary>What a demo shows: behaviour with each user's newest interaction held out.</summary>
/// <param name="Name">What it is, for the first line.</param>
/// <param name="Split">What is streamed in, and what is asked for.</param>
/// <param name="Titles">What items are called.</param>
internal sealed record DemoData(string Name, HoldOut Split, ItemTitles Titles)
{
    /// <summary>A simulated world.</summary>
    public static DemoData FromWorld(SimulatedWorldOptions options)
    {
        var split = HoldOut.LastOfEachUser(new SimulatedWorld(options).Interactions());
        return new DemoData($"a simulated world of {options.Users:N0} people and {options.Items:N0} things, seed {options.Seed}", split, ItemTitles.None);
    }

    /// <summary>A file of behaviour, all of it in memory: what is held out must be known before anything is sent.</summary>
    /// <param name="name">The file's name.</param>
    /// <param name="source">Its interactions.</param>
    /// <param name="titles">What its items are called.</param>
    /// <param name="refusals">Receives the bad lines.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SourceFormatException">It cannot be read.</exception>
    public static DemoData FromSource(string name, IInteractionSource source, ItemTitles titles, RefusalLog refusals, CancellationToken cancellationToken)
    {
        var interactions = new List<UserInteraction>();
        for (var outcome = source.Read(); outcome != ReadOutcome.End; outcome = source.Read())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (outcome == ReadOutcome.Refused) refusals.Add(source.Position, source.Problem);
            else interactions.Add(new UserInteraction(source.UserId.ToString(), source.ItemId.ToString(), source.EventTimeMs) { Type = source.Type, Weight = source.Weight });
        }
        return new DemoData(name, HoldOut.LastOfEachUser(interactions), titles);
    }

    /// <summary>Items of which any person has an idea, where the data has such.</summary>
    public IReadOnlyList<string> WellKnownItems { get; init; } = [];

    /// <summary>Items by how often they are trained on, the most popular first.</summary>
    public IEnumerable<string> PopularItems() => Split.Training
        .CountBy(interaction => interaction.ItemId)
        .OrderByDescending(item => item.Value).ThenBy(item => item.Key, StringComparer.Ordinal)
        .Select(item => item.Key);

    /// <summary>Items to show the neighbours of: the well-known ones that were trained on, then the most popular ones.</summary>
    public IReadOnlyList<string> ItemsToShow(int count)
    {
        var popular = PopularItems().ToList();
        return [.. WellKnownItems.Intersect(popular).Concat(popular).Distinct().Take(count)];
    }

    /// <summary>What to call an item: its title and id, or its id alone.</summary>
    public string NameOf(string itemId) => Titles[itemId] is { } title ? $"{title} [{itemId}]" : itemId;
}
