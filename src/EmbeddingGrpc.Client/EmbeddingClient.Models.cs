using EmbeddingGrpc.Client.Calls;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.Client;

// Models: what is there, making and changing them, training, vectors in and out.
public sealed partial class EmbeddingClient
{
    /// <summary>What a model is and how fresh it is.</summary>
    /// <param name="model">Null means the client's.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="RpcException">NOT_FOUND: no such model.</exception>
    public async Task<Model> GetModelAsync(string? model = null, CancellationToken cancellationToken = default) =>
        (await Models.GetModelAsync(new GetModelRequest { Model = model ?? _options.Model }, Options(cancellationToken))).Model;

    /// <summary>All models.</summary>
    public async Task<IReadOnlyList<Model>> ListModelsAsync(CancellationToken cancellationToken = default) =>
        (await Models.ListModelsAsync(new ListModelsRequest(), Options(cancellationToken))).Models;

    /// <summary>A model's generations on disk, newest first.</summary>
    /// <param name="model">Null means the client's.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="RpcException">NOT_FOUND: no such model.</exception>
    public async Task<IReadOnlyList<Generation>> ListGenerationsAsync(string? model = null, CancellationToken cancellationToken = default)
    {
        var request = new ListGenerationsRequest { Model = model ?? _options.Model };
        return (await Models.ListGenerationsAsync(request, Options(cancellationToken))).Generations;
    }

    /// <summary>
    /// Trains a generation on everything durable now and returns when it serves, or is kept because it is worse; while one is being trained already,
    /// waits for that. Has no deadline, and is never repeated. Cancelling stops the waiting, not the training.
    /// </summary>
    /// <param name="model">Null means the client's.</param>
    /// <param name="progress">Told several times a second.</param>
    /// <param name="full">Begin anew, whatever the model's <c>Retrain.FullEvery</c> says.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="RpcException">FAILED_PRECONDITION: there is nothing to train on; or the training failed.</exception>
    public async Task<TrainingResult> TrainAsync(
        string? model = null, IProgress<TrainingProgress>? progress = null, bool full = false, CancellationToken cancellationToken = default)
    {
        var request = new TrainModelRequest { Model = model ?? _options.Model, Full = full };
        using var call = Models.TrainModel(request, cancellationToken: cancellationToken);
        await foreach (var message in call.ResponseStream.ReadAllAsync(cancellationToken))
        {
            if (message.Result is { } result) return result;
            if (message.Progress is { } step) progress?.Report(step);
        }
        throw new RpcException(new Status(StatusCode.DataLoss, "The daemon ended the call without a result; the training may go on: ask for the model."));
    }

    /// <summary>Creates a model, durably. It serves nothing until it is trained, or vectors are imported. Never repeated.</summary>
    /// <param name="model">1..63 lower-case letters, digits, '-', '_' and '.', beginning with a letter or digit.</param>
    /// <param name="options">Option name to value, such as <c>Training.Dimension</c> to <c>64</c>; the others have the daemon's defaults.</param>
    /// <param name="eventsFrom">A model whose events feed the new one too; null gives it a log of its own.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="RpcException">ALREADY_EXISTS: there is such a model; INVALID_ARGUMENT: a name or an option is wrong; NOT_FOUND: no such <paramref name="eventsFrom"/>.</exception>
    public async Task<Model> CreateModelAsync(
        string model, IEnumerable<KeyValuePair<string, string>>? options = null, string? eventsFrom = null, CancellationToken cancellationToken = default)
    {
        var request = new CreateModelRequest { Model = model, EventsFrom = eventsFrom ?? "" };
        foreach (var (name, value) in options ?? []) request.Options.Add(name, value);
        return (await Models.CreateModelAsync(request, Options(cancellationToken))).Model;
    }

    /// <summary>Changes a model's options, durably. Its <c>needs_training</c> and <c>needs_restart</c> say which are not in force yet. Never repeated.</summary>
    /// <param name="options">Option name to value.</param>
    /// <param name="reset">Names of options that shall have the daemon's defaults again.</param>
    /// <param name="model">Null means the client's.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="RpcException">NOT_FOUND: no such model; INVALID_ARGUMENT: an option is wrong.</exception>
    public async Task<Model> UpdateModelAsync(
        IEnumerable<KeyValuePair<string, string>> options, IEnumerable<string>? reset = null, string? model = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var request = new UpdateModelRequest { Model = model ?? _options.Model, ResetOptions = { reset ?? [] } };
        foreach (var (name, value) in options) request.Options.Add(name, value);
        return (await Models.UpdateModelAsync(request, Options(cancellationToken))).Model;
    }

    /// <summary>Deletes a model with its log and its generations. Never repeated.</summary>
    /// <param name="model">Named on purpose: there is no default for what cannot be undone.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="RpcException">NOT_FOUND: no such model; FAILED_PRECONDITION: it is the default model, or feeds others.</exception>
    public async Task DeleteModelAsync(string model, CancellationToken cancellationToken = default) =>
        await Models.DeleteModelAsync(new DeleteModelRequest { Model = model }, Options(cancellationToken));

    /// <summary>
    /// Makes vectors that were trained elsewhere (gensim, Spark) a generation, which serves. Nothing changes unless all of them are in order. Has no
    /// deadline, and is never repeated.
    /// </summary>
    /// <param name="input">W1 as a word2vec file, from its current position to its end.</param>
    /// <param name="output">W2 with the same items in any order; null makes what comes next what is near.</param>
    /// <param name="format">Of both.</param>
    /// <param name="model">Null means the client's.</param>
    /// <param name="progress">Told the bytes sent so far, on the sending thread.</param>
    /// <param name="cancellationToken">Gives up; nothing has changed then.</param>
    /// <exception cref="RpcException">INVALID_ARGUMENT: a file is not of that format, or the two do not fit; NOT_FOUND: no such model.</exception>
    public Task<Generation> ImportVectorsAsync(
        Stream input,
        Stream? output = null,
        VectorFormat format = VectorFormat.Word2VecText,
        string? model = null,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        return VectorUpload.CallAsync(Models, new ImportVectorsStart { Model = model ?? _options.Model, Format = format }, input, output, progress, cancellationToken);
    }

    /// <summary>Writes the serving generation's vectors as a word2vec file. Has no deadline, and is never repeated.</summary>
    /// <param name="destination">Receives the file; not disposed. After a failure it holds a part of it.</param>
    /// <param name="table"><see cref="EmbeddingTable.Input"/> is W1, <see cref="EmbeddingTable.Output"/> W2.</param>
    /// <param name="format">Text or binary.</param>
    /// <param name="spaceReplacement">Written for each space in an item's id, where word2vec files end an id; null refuses such an id.</param>
    /// <param name="model">Null means the client's.</param>
    /// <param name="progress">Told the bytes written so far, on the writing thread.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Bytes written.</returns>
    /// <exception cref="RpcException">FAILED_PRECONDITION: nothing serves, or an id cannot be written in the format; NOT_FOUND: no such model.</exception>
    public async Task<long> ExportVectorsAsync(
        Stream destination,
        EmbeddingTable table = EmbeddingTable.Input,
        VectorFormat format = VectorFormat.Word2VecText,
        string? spaceReplacement = null,
        string? model = null,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        var request = new ExportVectorsRequest { Model = model ?? _options.Model, Table = table, Format = format, SpaceReplacement = spaceReplacement ?? "" };
        long bytes = 0;
        using var call = Models.ExportVectors(request, cancellationToken: cancellationToken);
        await foreach (var response in call.ResponseStream.ReadAllAsync(cancellationToken))
        {
            await destination.WriteAsync(response.Data.Memory, cancellationToken);
            bytes += response.Data.Length;
            progress?.Report(bytes);
        }
        return bytes;
    }
}
