using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Hosting;
using EmbeddingGrpc.Server.Pipeline;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>What every call of the event service shares: settings, clocks, and the rules that both kinds of call follow. Thread-safe.</summary>
public sealed class EventIngest(
    IngestOptions options, InteractionValidator validator, ProducerSessions producers, IngestMetrics metrics, Drain drain, TimeProvider time)
{
    /// <summary>Settings.</summary>
    public IngestOptions Options => options;

    /// <summary>Checks interactions.</summary>
    public InteractionValidator Validator => validator;

    /// <summary>Who writes now.</summary>
    public ProducerSessions Producers => producers;

    /// <summary>What is counted.</summary>
    public IngestMetrics Metrics => metrics;

    /// <summary>When to come to an end.</summary>
    public Drain Drain => drain;

    /// <summary>The clock of time-outs.</summary>
    public TimeProvider Time => time;

    /// <summary>UNAVAILABLE: the daemon is shutting down.</summary>
    public static RpcException Draining() =>
        RpcErrors.Unavailable("DRAINING", "The daemon is shutting down. What was acknowledged is on disk; connect again.", TimeSpan.FromSeconds(1));

    /// <summary>ABORTED: a newer stream of the producer has taken over.</summary>
    public static RpcException Fenced(ProducerId producer) => RpcErrors.Aborted(
        "PRODUCER_FENCED",
        $"A newer stream of producer '{producer.Name}' has taken over from epoch {producer.Epoch}; give every process a producer name of its own.");

    /// <summary>Refuses a request with too many interactions.</summary>
    public static void RequireCount(int count)
    {
        if (count <= IngestOptions.MaximumRequestInteractions) return;
        throw RpcErrors.InvalidArgument("interactions", $"has {count}; a request carries at most {IngestOptions.MaximumRequestInteractions}");
    }

    /// <summary>Reads a producer that must be there.</summary>
    /// <param name="producer">As it came.</param>
    /// <param name="field">Its path in the request.</param>
    public static ProducerId ReadProducer(Producer? producer, string field)
    {
        if (producer is null) throw RpcErrors.InvalidArgument(field, "is missing; a stream numbers its interactions and must say whose numbers they are");
        if (IdRules.Check(producer.Name) is { } wrong) throw RpcErrors.InvalidArgument($"{field}.name", wrong);
        return new ProducerId(producer.Name, producer.Epoch);
    }

    /// <summary>Refuses new streams while the daemon drains.</summary>
    public void RequireNotDraining()
    {
        if (drain.Begun.IsCancellationRequested) throw Draining();
    }
}
