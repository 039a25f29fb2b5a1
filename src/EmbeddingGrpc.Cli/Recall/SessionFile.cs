using System.Diagnostics;
using EmbeddingGrpc.Client;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Recall;

/// <summary>Asks for what goes on from every line of a file, in batches, and writes one ranked list a line in the same order.</summary>
internal sealed class SessionFile(EmbeddingClient client, RecallRequest template, int? interests = null)
{
    /// <summary>Items of a session that the API takes.</summary>
    private const int MostItems = 1000;

    /// <summary>Candidates of one answer to a batch: keeps it far below the size of a message.</summary>
    private const int MostCandidates = 20_000;

    private static readonly char[] Separators = [' ', '\t'];

    /// <summary>Answers every line.</summary>
    /// <param name="sessions">Items, oldest first. An empty line stays empty; of more items than a query takes, the newest count.</param>
    /// <param name="lists">Receives the ranked lists, best first.</param>
    /// <param name="answered">Told how many lines are done.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    public async Task<RecallFileSummary> RunAsync(TextReader sessions, TextWriter lists, Action<long> answered, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var summary = new RecallFileSummary(0, 0, 0, null, "", 0);
        var batchSize = Math.Clamp(MostCandidates / (int)template.K, 1, MostItems);
        for (var batch = Read(sessions, batchSize); batch.Count > 0; batch = Read(sessions, batchSize))
        {
            summary = await AnswerAsync(batch, lists, summary, cancellationToken);
            answered(summary.Sessions);
        }

        return summary with { Seconds = Math.Round(Stopwatch.GetElapsedTime(started).TotalSeconds, 3) };
    }

    private static List<string[]> Read(TextReader sessions, int count)
    {
        var batch = new List<string[]>(count);
        while (batch.Count < count && sessions.ReadLine() is { } line) batch.Add(line.Split(Separators, StringSplitOptions.RemoveEmptyEntries));
        return batch;
    }

    private async Task<RecallFileSummary> AnswerAsync(List<string[]> batch, TextWriter lists, RecallFileSummary summary, CancellationToken cancellationToken)
    {
        var asked = batch.Where(items => items.Length > 0).Select(RequestOf).ToList();
        var results = asked.Count == 0 ? [] : (await client.BatchRecallAsync(asked, cancellationToken)).Results;
        var next = 0;
        foreach (var items in batch)
        {
            var result = items.Length > 0 ? results[next++] : null;
            var candidates = result?.Response?.Candidates ?? [];
            await lists.WriteLineAsync(string.Join(' ', candidates.Select(candidate => candidate.ItemId)).AsMemory(), cancellationToken);
            summary = summary with
            {
                Sessions = summary.Sessions + 1,
                Answered = summary.Answered + (candidates.Count > 0 ? 1 : 0),
                Failed = summary.Failed + (result?.Error is null ? 0 : 1),
                FirstError = summary.FirstError ?? result?.Error?.Message,
                GenerationId = result?.Response?.GenerationId ?? summary.GenerationId,
            };
        }

        return summary;
    }

    private RecallRequest RequestOf(string[] items)
    {
        var request = template.Clone();
        request.Session = new SessionQuery { Items = { items.TakeLast(MostItems).Select(id => new SessionItem { ItemId = id }) } };
        if (interests is { } most) request.Session.Interests = (uint)most;
        return request;
    }
}
