using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.Client.Tests.Scripted;

/// <summary>What a <see cref="ScriptedDaemon"/> does with each call.</summary>
internal sealed class DaemonScript
{
    private int _streams;
    private int _recallStreams;

    /// <summary>What was made durable, by the daemon's own rule: a number that is not above the producer's highest is ignored.</summary>
    public DurableStore Store { get; } = new();

    /// <summary>Handles the n-th <c>StreamEvents</c> call, from 1.</summary>
    public Func<int, ScriptedStream, Task> OnStream { get; init; } = (_, stream) => stream.BehaveAsync();

    public Func<RecallRequest, RecallResponse> OnRecall { get; init; } = _ => new RecallResponse();

    public Func<BatchRecallRequest, BatchRecallResponse> OnBatchRecall { get; init; } = _ => new BatchRecallResponse();

    /// <summary>Handles the n-th <c>StreamRecall</c> call, from 1.</summary>
    public Func<int, IAsyncStreamReader<StreamRecallRequest>, IServerStreamWriter<StreamRecallResponse>, Task> OnStreamRecall { get; init; } =
        (_, _, _) => Task.CompletedTask;

    public Func<AppendEventsRequest, AppendEventsResponse> OnAppend { get; init; } = _ => new AppendEventsResponse();

    public Func<GetModelRequest, GetModelResponse> OnGetModel { get; init; } = _ => new GetModelResponse();

    public Func<IServerStreamWriter<TrainModelResponse>, Task> OnTrain { get; init; } = _ => Task.CompletedTask;

    public Func<CreateModelRequest, CreateModelResponse> OnCreateModel { get; init; } = _ => new CreateModelResponse();

    public Func<UpdateModelRequest, UpdateModelResponse> OnUpdateModel { get; init; } = _ => new UpdateModelResponse();

    public Func<IAsyncStreamReader<ImportVectorsRequest>, Task<ImportVectorsResponse>> OnImport { get; init; } = _ => Task.FromResult(new ImportVectorsResponse());

    public Func<ExportVectorsRequest, IServerStreamWriter<ExportVectorsResponse>, Task> OnExport { get; init; } = (_, _) => Task.CompletedTask;

    public int Streams => Volatile.Read(ref _streams);

    public int NextRecallStream() => Interlocked.Increment(ref _recallStreams);

    public int NextStream() => Interlocked.Increment(ref _streams);
}
