using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Checkpoints;

namespace EmbeddingGrpc.Server.Tests.Pipeline;

/// <summary>A part of the applied state that remembers what it was told.</summary>
internal sealed class RecordedPart(string name, int contextLength) : IAppliedPart
{
    public string Name => name;

    public int ContextLength => contextLength;

    public long SizeBytes => 1000;

    /// <summary>Interactions as they came.</summary>
    public List<(AppliedInteraction Interaction, HistoryEvent[] Before, HistoryEvent[] After, int HistoryLength)> Interactions { get; } = [];

    /// <summary>Records, with how many interactions came before each.</summary>
    public List<(LogRecord Record, LogOffset Offset, int Before)> Records { get; } = [];

    /// <summary>The highest offset of all, which is what it keeps.</summary>
    public long Last { get; private set; } = -1;

    public void Apply(AppliedBatch batch)
    {
        for (var i = 0; i < batch.Interactions.Length; i++)
        {
            Interactions.Add((batch.Interactions[i], batch.Before(i).ToArray(), batch.After(i).ToArray(), batch.HistoryLength(i)));
            Last = batch.Interactions[i].Offset.Value;
        }
    }

    public void Apply(LogRecord record, LogOffset offset)
    {
        Records.Add((record, offset, Interactions.Count));
        Last = offset.Value;
    }

    public void Write(CheckpointOutput output, Action beforeEach)
    {
        beforeEach();
        output.Write(Last);
    }

    public void Read(CheckpointInput input) => Last = input.Read<long>();
}
