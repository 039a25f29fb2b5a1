using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Models.Exchange;
using EmbeddingGrpc.Server.Models.Files;
using EmbeddingGrpc.Server.Models.Settings;
using EmbeddingGrpc.Training.Evaluation;
using Google.Rpc;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>What the models throw, as gRPC errors.</summary>
public static class ModelErrors
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(5);

    /// <summary>The gRPC error that says what the models threw; null for what is not theirs.</summary>
    public static RpcException? Translate(Exception exception) => exception switch
    {
        ModelNotFoundException e => RpcErrors.NotFound("model", e.Model, e.Message),
        ModelExistsException e => RpcErrors.AlreadyExists("model", e.Model, e.Message),
        ModelUnavailableException e => RpcErrors.Unavailable("MODEL_UNAVAILABLE", e.Message, RetryDelay),
        ModelPreconditionException e => RpcErrors.FailedPrecondition(e.Reason, e.Message),
        ModelNotStoredException e => RpcErrors.Unavailable("MODEL_NOT_STORED", e.Message),
        ModelFileException e => RpcErrors.DataLoss("MODEL_FILE", e.Message),
        InvalidModelNameException e => RpcErrors.InvalidArgument("model", e.Description),
        InvalidModelOptionsException e => RpcErrors.InvalidArgument([.. e.Violations.Select(OptionViolation)]),
        VectorFormatException e => RpcErrors.InvalidArgument(e.Table, e.Description),
        VectorExportException e => RpcErrors.FailedPrecondition("NOT_WRITABLE_IN_FORMAT", e.Message),
        NothingToTrainException e => RpcErrors.FailedPrecondition("NOTHING_TO_TRAIN", e.Message),
        TrainingDivergedException e => RpcErrors.FailedPrecondition("TRAINING_DIVERGED", e.Message),
        TrainingStoppedException e => RpcErrors.Unavailable("TRAINING_STOPPED", e.Message, RetryDelay),
        GenerationNotWrittenException e => RpcErrors.Unavailable("GENERATION_NOT_WRITTEN", e.Message),
        GenerationNotFoundException e => RpcErrors.NotFound("generation", e.Generation, e.Message),
        GenerationFileException e => RpcErrors.DataLoss("GENERATION_FILE", e.Message),
        NothingToEvaluateException e => RpcErrors.FailedPrecondition("NOTHING_TO_EVALUATE", e.Message),
        LogCorruptException e => RpcErrors.DataLoss("LOG_CORRUPT", e.Message),
        OutOfMemoryException => RpcErrors.ResourceExhausted("OUT_OF_MEMORY", "The daemon has not enough memory for this.", RetryDelay),
        _ => null,
    };

    private static BadRequest.Types.FieldViolation OptionViolation(OptionViolation violation) =>
        new() { Field = $"options[{violation.Name}]", Description = violation.Description };
}
