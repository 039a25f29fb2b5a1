using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.Client;

// Generations: which of them serves, and how good a model is.
public sealed partial class EmbeddingClient
{
    /// <summary>Lets a generation that is on disk serve.</summary>
    /// <param name="generation">Its id or its number.</param>
    /// <param name="model">Null means the client's.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="RpcException">NOT_FOUND: no such generation.</exception>
    public async Task<Generation> PromoteGenerationAsync(string generation, string? model = null, CancellationToken cancellationToken = default)
    {
        var request = new PromoteGenerationRequest { Model = model ?? _options.Model, GenerationId = generation };
        return (await Models.PromoteGenerationAsync(request, cancellationToken: cancellationToken)).Generation;
    }

    /// <summary>Lets the generation before the serving one serve again.</summary>
    /// <param name="model">Null means the client's.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="RpcException">FAILED_PRECONDITION: there is none.</exception>
    public async Task<Generation> RollbackGenerationAsync(string? model = null, CancellationToken cancellationToken = default)
    {
        var request = new RollbackGenerationRequest { Model = model ?? _options.Model };
        return (await Models.RollbackGenerationAsync(request, cancellationToken: cancellationToken)).Generation;
    }

    /// <summary>Says how good a model's options are for its events. Has no deadline; cancelling stops it. What serves is not touched.</summary>
    /// <param name="testFraction">The newest share of the interactions, which is asked for, 0.001..0.9.</param>
    /// <param name="k">Length of the lists, 1..1000.</param>
    /// <param name="model">Null means the client's.</param>
    /// <param name="progress">Told the share done, several times a second.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="RpcException">FAILED_PRECONDITION: there is nothing to ask for, or an evaluation runs already.</exception>
    public async Task<EvaluationReport> EvaluateAsync(
        double testFraction = 0.1, int k = 10, string? model = null, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        var request = new EvaluateModelRequest { Model = model ?? _options.Model, TestFraction = testFraction, K = checked((uint)k) };
        using var call = Models.EvaluateModel(request, cancellationToken: cancellationToken);
        await foreach (var message in call.ResponseStream.ReadAllAsync(cancellationToken))
        {
            if (message.Report is { } report) return report;
            progress?.Report(message.Progress);
        }
        throw new RpcException(new Status(StatusCode.DataLoss, "The daemon ended the call without a report."));
    }
}
