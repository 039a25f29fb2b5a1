using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.Client.Tests.Scripted;

/// <summary>One <c>StreamEvents</c> call as a script sees it.</summary>
internal sealed class ScriptedStream(
    DurableStore store, IAsyncStreamReader<StreamEventsRequest> requests, IServerStreamWriter<StreamEventsResponse> responses, ServerCallContext context)
{
    /// <summary>The stream's start, after <see cref="StartAsync"/>.</summary>
    public StreamStart Start { get; private set; } = new();

    public CancellationToken Cancelled => context.CancellationToken;

    /// <summary>Reads the start without answering it.</summary>
    public async Task ReadStartAsync()
    {
        Assert.True(await requests.MoveNext(context.CancellationToken));
        Start = requests.Current.Start;
        Assert.NotNull(Start);
    }

    /// <summary>Reads the start and answers with what the store knows.</summary>
    public async Task StartAsync()
    {
        await ReadStartAsync();
        var durable = store.DurableOf(Start.Producer.Name);
        await responses.WriteAsync(new StreamEventsResponse { Started = new StreamStarted { DurableSequence = durable }, DurableSequence = durable });
    }

    /// <summary>The next batch; null at half-close.</summary>
    public async Task<IReadOnlyList<Interaction>?> ReadAsync()
    {
        if (!await requests.MoveNext(context.CancellationToken)) return null;
        Assert.Null(requests.Current.Start);
        return requests.Current.Interactions;
    }

    public void Keep(IEnumerable<Interaction> interactions)
    {
        foreach (var interaction in interactions) store.Keep(Start.Producer.Name, interaction);
    }

    public Task AcknowledgeAsync(params IReadOnlyList<RejectedInteraction> rejected)
    {
        var durable = store.DurableOf(Start.Producer.Name);
        return responses.WriteAsync(new StreamEventsResponse { DurableSequence = durable, LogOffset = (ulong)store.Kept.Count, Rejected = { rejected } });
    }

    public Task DrainAsync() =>
        responses.WriteAsync(new StreamEventsResponse { Draining = true, DurableSequence = store.DurableOf(Start.Producer.Name) });

    /// <summary>Does what a daemon does: keeps, acknowledges, ends at half-close.</summary>
    public async Task BehaveAsync()
    {
        await StartAsync();
        await GoOnAsync();
    }

    /// <summary>The same after the start.</summary>
    public async Task GoOnAsync()
    {
        while (await ReadAsync() is { } batch)
        {
            Keep(batch);
            await AcknowledgeAsync();
        }
    }
}
