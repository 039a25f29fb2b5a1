using System.Diagnostics;
using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>
/// The spans of one batch of interactions: <c>events commit</c> from its receipt until it is durable, and below it <c>events apply</c> until it is in the
/// histories. Made only where somebody listens and the trace is sampled. One thread at a time.
/// </summary>
/// <remarks>
/// A stream is one call with one context in its metadata, and its batches come from many traces. So the commit's parent is what the batch carries, and the
/// call, which may last for days, is a link.
/// </remarks>
public sealed class BatchTrace
{
    /// <summary>Name of the source.</summary>
    public const string SourceName = "EmbeddingGrpc.Ingest";

    private static readonly ActivitySource Source = new(SourceName);

    private readonly Activity _commit;

    private BatchTrace(Activity commit) => _commit = commit;

    /// <summary>Begins for a batch of a stream.</summary>
    /// <param name="traceparent">What it carries; empty where it carries none.</param>
    /// <param name="model">The model.</param>
    /// <param name="interactions">How many came.</param>
    /// <returns>Null where nothing is to be traced.</returns>
    public static BatchTrace? OfStream(string traceparent, string model, int interactions)
    {
        ArgumentNullException.ThrowIfNull(traceparent);
        if (traceparent.Length == 0 || !Source.HasListeners() || !ActivityContext.TryParse(traceparent, null, isRemote: true, out var parent)) return null;
        ActivityLink[] links = Activity.Current is { } call ? [new ActivityLink(call.Context)] : [];
        return Begin(parent, links, model, interactions);
    }

    /// <summary>Begins for a call that brings one batch: it is part of the call's own trace.</summary>
    /// <param name="model">The model.</param>
    /// <param name="interactions">How many came.</param>
    /// <inheritdoc cref="OfStream" path="/returns"/>
    public static BatchTrace? OfCall(string model, int interactions) =>
        Source.HasListeners() && Activity.Current is { } call ? Begin(call.Context, [], model, interactions) : null;

    /// <summary>The batch is durable. Nobody waits for the rest.</summary>
    /// <param name="result">What the log did.</param>
    /// <param name="applier">Applies it.</param>
    public void Durable(in AppendResult result, EventApplier applier)
    {
        ArgumentNullException.ThrowIfNull(applier);
        var current = Activity.Current;
        _commit.SetTag("embeddinggrpc.log_offset", result.DurableOffset.Value);
        _commit.SetTag("embeddinggrpc.duplicates", result.Duplicates);
        _commit.Stop();
        var apply = Source.StartActivity("events apply", ActivityKind.Internal, _commit.Context);
        Activity.Current = current;
        if (apply is not null) _ = EndWhenAppliedAsync(apply, applier, result.DurableOffset);
    }

    /// <summary>The batch was refused, or given up.</summary>
    public void Failed(Exception failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        var current = Activity.Current;
        _commit.SetStatus(ActivityStatusCode.Error, failure.Message);
        _commit.Stop();
        Activity.Current = current;
    }

    private static BatchTrace? Begin(ActivityContext parent, IEnumerable<ActivityLink> links, string model, int interactions)
    {
        // Starting and stopping make an activity the current one and another one afterwards: what the stream does besides is not part of this batch.
        var current = Activity.Current;
        var tags = new KeyValuePair<string, object?>[] { new("embeddinggrpc.model", model), new("messaging.batch.message_count", interactions) };
        var commit = Source.StartActivity("events commit", ActivityKind.Consumer, parent, tags, links);
        Activity.Current = current;
        return commit is null ? null : new BatchTrace(commit);
    }

    private static async Task EndWhenAppliedAsync(Activity apply, EventApplier applier, LogOffset offset)
    {
        try
        {
            await applier.WaitForAppliedAsync(offset, CancellationToken.None);
        }
        catch (Exception e) when (e is ApplierFailedException or ObjectDisposedException)
        {
            apply.SetStatus(ActivityStatusCode.Error, e.Message);
        }
        finally
        {
            apply.Stop();
        }
    }
}
