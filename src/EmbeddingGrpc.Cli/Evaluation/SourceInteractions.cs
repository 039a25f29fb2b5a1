using System.CommandLine;
using System.Text;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Sources;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Training;
using EmbeddingGrpc.Training.Evaluation;

namespace EmbeddingGrpc.Cli.Evaluation;

/// <summary>A file of behaviour as a training or an evaluation reads it: what a daemon would train on by default, weighed as it would.</summary>
internal static class SourceInteractions
{
    private static readonly TrainingInteractions TrainOn = new();

    /// <summary>Reads all of the file that a command line names, and warns of the first line that cannot be read and of how many there were.</summary>
    /// <param name="options">Name the file and its layout.</param>
    /// <param name="arguments">The command line.</param>
    /// <param name="weights">How much each type counts.</param>
    /// <param name="console">Takes the warnings.</param>
    /// <param name="cancellationToken">Checked between lines.</param>
    public static List<TimedInteraction> Read(
        SourceOptions options, ParseResult arguments, InteractionWeights weights, CommandConsole console, CancellationToken cancellationToken)
    {
        var ids = new Dictionary<string, string>(StringComparer.Ordinal);
        var interactions = new List<TimedInteraction>();
        Visit(
            options,
            arguments,
            weights,
            console,
            (source, weight) => interactions.Add(new TimedInteraction(Shared(source.UserId), Shared(source.ItemId), source.EventTimeMs) { Weight = weight }),
            cancellationToken);
        return interactions;

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

    /// <summary>Gathers the sessions of the file that a command line names, without keeping its interactions as objects.</summary>
    /// <param name="options">Name the file and its layout.</param>
    /// <param name="arguments">The command line.</param>
    /// <param name="weights">How much each type counts.</param>
    /// <param name="console">Takes the warnings.</param>
    /// <param name="sessions">Receives the interactions.</param>
    /// <param name="cancellationToken">Checked between lines.</param>
    public static void Gather(
        SourceOptions options,
        ParseResult arguments,
        InteractionWeights weights,
        CommandConsole console,
        SessionBuilder sessions,
        CancellationToken cancellationToken)
    {
        byte[] user = [], item = [];
        Visit(
            options,
            arguments,
            weights,
            console,
            (source, weight) => sessions.Add(Utf8(source.UserId, ref user), Utf8(source.ItemId, ref item), source.EventTimeMs, weight),
            cancellationToken);

        static ReadOnlySpan<byte> Utf8(ReadOnlySpan<char> text, ref byte[] buffer)
        {
            var most = Encoding.UTF8.GetMaxByteCount(text.Length);
            if (buffer.Length < most) buffer = new byte[most];
            return buffer.AsSpan(0, Encoding.UTF8.GetBytes(text, buffer));
        }
    }

    private static void Visit(
        SourceOptions options,
        ParseResult arguments,
        InteractionWeights weights,
        CommandConsole console,
        Action<IInteractionSource, float> take,
        CancellationToken cancellationToken)
    {
        var refused = 0;
        using var file = options.Open(arguments);
        using var source = options.Read(arguments, file);
        for (var outcome = source.Read(); outcome != ReadOutcome.End; outcome = source.Read())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (outcome == ReadOutcome.Refused)
            {
                if (refused++ == 0) console.WriteWarning($"line {source.Position.Line}: {source.Problem}");
                continue;
            }

            var (type, weight) = ((EventLog.InteractionType)(int)source.Type, source.Weight ?? 1);
            if (outcome == ReadOutcome.Interaction && TrainOn.Include(type, weight)) take(source, weights.Of(type, weight));
        }

        if (refused > 1) console.WriteWarning($"{refused:N0} lines were left out, the first because of the above");
    }
}
