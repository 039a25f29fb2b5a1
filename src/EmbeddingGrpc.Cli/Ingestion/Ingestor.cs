using System.Diagnostics;
using EmbeddingGrpc.Cli.Sources;
using EmbeddingGrpc.Client;

namespace EmbeddingGrpc.Cli.Ingestion;

/// <summary>Streams a source into the daemon. Reading and sending overlap; the stream's buffer bounds the memory whatever the size of the source.</summary>
internal static class Ingestor
{
    /// <summary>Rarely enough not to be seen in a profile, often enough for a bar.</summary>
    private const int InteractionsBetweenReports = 4096;

    /// <summary>Sends everything and returns when it is on the daemon's disk.</summary>
    /// <param name="client">The daemon.</param>
    /// <param name="source">What to send, numbered by its place in the file.</param>
    /// <param name="options">The stream; its producer decides what counts as sent before.</param>
    /// <param name="refusals">Receives what was not taken.</param>
    /// <param name="progress">Told how many interactions were sent, now and then.</param>
    /// <param name="cancellationToken">Gives up; what was acknowledged stays.</param>
    /// <exception cref="EventStreamException">The daemon refused the stream or was away for too long.</exception>
    /// <exception cref="SourceFormatException">The source cannot be read on; what was sent before stays.</exception>
    public static async Task<IngestSummary> RunAsync(
        EmbeddingClient client,
        IInteractionSource source,
        EventStreamOptions options,
        RefusalLog refusals,
        Action<long> progress,
        CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        options = options with { OnRejected = rejected => refusals.Add(SourcePosition.Of(rejected.Number), $"{rejected.Field}: {rejected.Reason}") };
        await using var stream = client.OpenEventStream(options);
        var known = await stream.WaitForStartAsync(cancellationToken);
        long interactions = 0, alreadyThere = 0, problems = 0;
        try
        {
            for (var outcome = source.Read(); outcome != ReadOutcome.End; outcome = source.Read())
            {
                if (outcome == ReadOutcome.Refused)
                {
                    refusals.Add(source.Position, source.Problem);
                    problems++;
                    continue;
                }
                interactions++;
                if (source.Position.Number <= known) alreadyThere++;
                else while (!TrySend(stream, source, refusals)) await stream.WaitForRoomAsync(cancellationToken);
                if (interactions % InteractionsBetweenReports == 0) progress(interactions);
            }
        }
        catch (SourceFormatException)
        {
            // What came before the damage is worth keeping: the same file, mended, is another file.
            await stream.CompleteAsync(cancellationToken);
            throw;
        }
        await stream.CompleteAsync(cancellationToken);
        return new IngestSummary(interactions + problems, alreadyThere, refusals.Count, source.FilteredLines, clock.Elapsed.TotalSeconds);
    }

    private static bool TrySend(EventStream stream, IInteractionSource source, RefusalLog refusals)
    {
        try
        {
            return stream.TrySend(source.UserId, source.ItemId, source.EventTimeMs, source.Position.Number, source.Type, source.Weight);
        }
        catch (ArgumentException e)
        {
            // An id that cannot be put on the wire at all.
            refusals.Add(source.Position, e.Message);
            return true;
        }
    }
}
