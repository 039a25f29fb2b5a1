using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Sources;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Training.Evaluation;

namespace EmbeddingGrpc.Cli.Evaluation;

/// <summary>A file of behaviour as an evaluation reads it: what a daemon would train on by default, in memory.</summary>
internal static class SourceInteractions
{
    /// <summary>Reads all of the file that a command line names, and warns of the first line that cannot be read and of how many there were.</summary>
    /// <param name="options">Name the file and its layout.</param>
    /// <param name="arguments">The command line.</param>
    /// <param name="console">Takes the warnings.</param>
    /// <param name="cancellationToken">Checked between lines.</param>
    public static List<TimedInteraction> Read(SourceOptions options, ParseResult arguments, CommandConsole console, CancellationToken cancellationToken)
    {
        var refused = 0;
        using var file = options.Open(arguments);
        using var source = options.Read(arguments, file);
        var interactions = Read(
            source,
            (position, problem) =>
            {
                if (refused++ == 0) console.WriteWarning($"line {position.Line}: {problem}");
            },
            cancellationToken);
        if (refused > 1) console.WriteWarning($"{refused:N0} lines were left out, the first because of the above");
        return interactions;
    }

    /// <summary>Reads all of it.</summary>
    /// <param name="source">The file.</param>
    /// <param name="refused">Told of each line that cannot be read.</param>
    /// <param name="cancellationToken">Checked between lines.</param>
    public static List<TimedInteraction> Read(IInteractionSource source, Action<SourcePosition, string> refused, CancellationToken cancellationToken)
    {
        var ids = new Dictionary<string, string>(StringComparer.Ordinal);
        var interactions = new List<TimedInteraction>();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            switch (source.Read())
            {
                case ReadOutcome.End:
                    return interactions;
                case ReadOutcome.Refused:
                    refused(source.Position, source.Problem);
                    break;
                case ReadOutcome.Interaction when source.Type is not (InteractionType.Impression or InteractionType.Dislike) && source.Weight is not 0:
                    interactions.Add(new TimedInteraction(Shared(source.UserId), Shared(source.ItemId), source.EventTimeMs)
                    {
                        Weight = Math.Min(source.Weight ?? 1, InteractionWeights.MaximumOwnWeight),
                    });
                    break;
            }
        }

        // A user and an item are named many times and kept once.
        string Shared(ReadOnlySpan<char> id)
        {
            var lookup = ids.GetAlternateLookup<ReadOnlySpan<char>>();
            if (lookup.TryGetValue(id, out var known)) return known;
            var text = id.ToString();
            ids.Add(text, text);
            return text;
        }
    }
}
