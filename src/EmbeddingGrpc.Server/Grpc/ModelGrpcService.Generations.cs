using System.ComponentModel.DataAnnotations;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Training.Evaluation;
using Google.Rpc;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

// Which generation serves, and how good one would be.
public sealed partial class ModelGrpcService
{
    /// <inheritdoc/>
    public override async Task<PromoteGenerationResponse> PromoteGeneration(PromoteGenerationRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(context);
        if (request.GenerationId.Length == 0) throw RpcErrors.InvalidArgument("generation_id", "is missing; ListGenerations tells the ids");
        var generation = await registry.Get(request.Model).PromoteAsync(request.GenerationId, context.CancellationToken);
        return new PromoteGenerationResponse { Generation = generation.ToMessage(serving: true) };
    }

    /// <inheritdoc/>
    public override async Task<RollbackGenerationResponse> RollbackGeneration(RollbackGenerationRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(context);
        var generation = await registry.Get(request.Model).RollbackAsync(context.CancellationToken);
        return new RollbackGenerationResponse { Generation = generation.ToMessage(serving: true) };
    }

    /// <inheritdoc/>
    public override async Task EvaluateModel(EvaluateModelRequest request, IServerStreamWriter<EvaluateModelResponse> responseStream, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(responseStream);
        ArgumentNullException.ThrowIfNull(context);
        var options = ReadEvaluation(request);
        var progress = new ProgressBox();
        var evaluation = registry.Get(request.Model).EvaluateAsync(options, progress.Set, context.CancellationToken);
        while (await Task.WhenAny(evaluation, Task.Delay(ProgressInterval, time, context.CancellationToken)) != evaluation)
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            await responseStream.WriteAsync(new EvaluateModelResponse { Progress = progress.Value }, context.CancellationToken);
        }

        await responseStream.WriteAsync(new EvaluateModelResponse { Report = (await evaluation).ToMessage() }, context.CancellationToken);
    }

    private static EvaluationOptions ReadEvaluation(EvaluateModelRequest request)
    {
        var defaults = new EvaluationOptions();
        var violations = new List<BadRequest.Types.FieldViolation>();
        var fraction = request.HasTestFraction ? request.TestFraction : defaults.TestFraction;
        var k = request.HasK ? request.K : (uint)defaults.K;
        Check("test_fraction", nameof(EvaluationOptions.TestFraction), fraction);
        Check("k", nameof(EvaluationOptions.K), k);
        return violations.Count > 0 ? throw RpcErrors.InvalidArgument(violations) : defaults with { TestFraction = fraction, K = (int)k };

        void Check(string field, string option, double value)
        {
            var range = typeof(EvaluationOptions).GetProperty(option)!.GetCustomAttributes(typeof(RangeAttribute), inherit: false).OfType<RangeAttribute>().Single();
            var (minimum, maximum) = (Convert.ToDouble(range.Minimum, null), Convert.ToDouble(range.Maximum, null));
            if (value >= minimum && value <= maximum) return;
            violations.Add(new BadRequest.Types.FieldViolation { Field = field, Description = FormattableString.Invariant($"is {value}; must be {minimum}..{maximum}") });
        }
    }

    /// <summary>How much is done: one thread sets it, another looks now and then.</summary>
    private sealed class ProgressBox
    {
        private double _value;

        public double Value => Volatile.Read(ref _value);

        public void Set(double value) => Volatile.Write(ref _value, value);
    }
}
