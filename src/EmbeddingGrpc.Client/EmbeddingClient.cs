using System.Runtime.CompilerServices;
using EmbeddingGrpc.Client.Calls;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmbeddingGrpc.Client;

/// <summary>
/// The daemon, from .NET: asks for recommendations, opens event streams, trains, keeps the catalogue. One per daemon and process: it owns the connection and may be used
/// by any number of threads. Calls fail with <see cref="RpcException"/>; <see cref="RpcErrorText"/> makes them readable.
/// </summary>
/// <remarks>
/// Calls that only read are repeated while the daemon is unavailable, <see cref="AppendEventsAsync"/> only where a producer numbers the interactions.
/// The generated stubs are there for everything else.
/// </remarks>
public sealed class EmbeddingClient : IDisposable
{
    private const uint ItemsOfPage = 500;

    private readonly EmbeddingClientOptions _options;
    private readonly GrpcChannel _channel;
    private readonly CallInvoker _invoker;
    private readonly TimeProvider _time;
    private readonly ILogger<EventStream> _streamLogger;

    /// <summary>A client of the daemon at an address, with default options.</summary>
    /// <exception cref="ArgumentException">Not an http, https or dns address.</exception>
    public EmbeddingClient(string address)
        : this(new EmbeddingClientOptions { Address = address })
    {
    }

    /// <summary>A client. Connects with the first call.</summary>
    /// <param name="options">Where the daemon is and how patiently it is called.</param>
    /// <param name="loggerFactory">Receives what calls and streams have to say; null keeps them quiet.</param>
    /// <param name="timeProvider">The clock of streams and retries; null is the system's.</param>
    /// <exception cref="ArgumentException">Not an http, https or dns address.</exception>
    public EmbeddingClient(EmbeddingClientOptions options, ILoggerFactory? loggerFactory = null, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _time = timeProvider ?? TimeProvider.System;
        _streamLogger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<EventStream>();
        _channel = ChannelFactory.Create(options, loggerFactory);
        _invoker = ChannelFactory.CreateInvoker(_channel, options);
        Events = new EventService.EventServiceClient(_invoker);
        Recommendations = new RecallService.RecallServiceClient(_invoker);
        Models = new ModelService.ModelServiceClient(_invoker);
        Catalog = new CatalogService.CatalogServiceClient(_invoker);
    }

    /// <summary>The generated stub of <c>EventService</c>.</summary>
    public EventService.EventServiceClient Events { get; }

    /// <summary>The generated stub of <c>RecallService</c>.</summary>
    public RecallService.RecallServiceClient Recommendations { get; }

    /// <summary>The generated stub of <c>ModelService</c>.</summary>
    public ModelService.ModelServiceClient Models { get; }

    /// <summary>The generated stub of <c>CatalogService</c>.</summary>
    public CatalogService.CatalogServiceClient Catalog { get; }

    /// <summary>Opens a stream of interactions. Returns at once; the stream connects, and reconnects, by itself.</summary>
    public EventStream OpenEventStream(EventStreamOptions? options = null)
    {
        options ??= new EventStreamOptions();
        return new EventStream(_invoker, options.Model ?? _options.Model, options, _time, _streamLogger);
    }

    /// <summary>Appends one batch and returns when it is on disk. Repeated while the daemon is unavailable if a producer numbers it, else never.</summary>
    /// <exception cref="RpcException">The daemon could not be reached or refused the batch as a whole.</exception>
    public Task<AppendEventsResponse> AppendEventsAsync(AppendEventsRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Model.Length == 0) request = new AppendEventsRequest(request) { Model = _options.Model };
        return request.Producer is null
            ? Events.AppendEventsAsync(request, Options(cancellationToken)).ResponseAsync
            : NumberedAppend.CallAsync(Events, request, Options(cancellationToken), _options.MaximumAttempts, _time);
    }

    /// <summary>The k best items for one query.</summary>
    /// <exception cref="RpcException">NOT_FOUND: the item or model is unknown; FAILED_PRECONDITION: nothing was trained yet; INVALID_ARGUMENT.</exception>
    public Task<RecallResponse> RecallAsync(RecallRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Recommendations.RecallAsync(WithModel(request), Options(cancellationToken)).ResponseAsync;
    }

    /// <summary>Items similar to an item.</summary>
    /// <param name="itemId">The item.</param>
    /// <param name="k">How many, 1..1000.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="RpcException">NOT_FOUND: the serving generation does not know the item.</exception>
    public Task<RecallResponse> RecallSimilarAsync(string itemId, int k = 10, CancellationToken cancellationToken = default) =>
        RecallAsync(new RecallRequest { Item = new ItemQuery { ItemId = itemId }, K = checked((uint)k) }, cancellationToken);

    /// <summary>Items for a user, from the user's own recent history; the most popular ones for a user without any.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="k">How many, 1..1000.</param>
    /// <param name="excludeSeen">Leave out what the user has interacted with.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="RpcException">FAILED_PRECONDITION: nothing was trained yet.</exception>
    public Task<RecallResponse> RecallForUserAsync(string userId, int k = 10, bool excludeSeen = true, CancellationToken cancellationToken = default) =>
        RecallAsync(new RecallRequest { User = new UserQuery { UserId = userId }, K = checked((uint)k), ExcludeSeen = excludeSeen }, cancellationToken);

    /// <summary>Items that go on from a list of recent ones.</summary>
    /// <param name="itemIds">Oldest first, 1..1000. Unknown ones are skipped.</param>
    /// <param name="k">How many, 1..1000.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="RpcException">NOT_FOUND: the serving generation knows none of the items.</exception>
    public Task<RecallResponse> RecallForSessionAsync(IEnumerable<string> itemIds, int k = 10, CancellationToken cancellationToken = default)
    {
        var session = new SessionQuery { Items = { itemIds.Select(id => new SessionItem { ItemId = id }) } };
        return RecallAsync(new RecallRequest { Session = session, K = checked((uint)k) }, cancellationToken);
    }

    /// <summary>Many queries in one call; one that fails does not fail its neighbours.</summary>
    /// <returns>One result for each request, in the same order.</returns>
    /// <exception cref="RpcException">The batch as a whole could not be answered.</exception>
    public Task<BatchRecallResponse> BatchRecallAsync(IEnumerable<RecallRequest> requests, CancellationToken cancellationToken = default)
    {
        var batch = new BatchRecallRequest { Requests = { requests.Select(WithModel) } };
        return Recommendations.BatchRecallAsync(batch, Options(cancellationToken)).ResponseAsync;
    }

    /// <summary>The vectors of items in the serving generation.</summary>
    /// <exception cref="RpcException">FAILED_PRECONDITION: nothing was trained yet.</exception>
    public Task<GetEmbeddingsResponse> GetEmbeddingsAsync(
        IEnumerable<string> itemIds, EmbeddingTable table = EmbeddingTable.Similarity, CancellationToken cancellationToken = default)
    {
        var request = new GetEmbeddingsRequest { Model = _options.Model, Table = table, ItemIds = { itemIds } };
        return Recommendations.GetEmbeddingsAsync(request, Options(cancellationToken)).ResponseAsync;
    }

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
    /// Trains a generation on everything durable now and returns when it serves, or is kept because it is worse; while one is being trained already, waits for that. Has no deadline,
    /// and is never repeated. Cancelling stops the waiting, not the training.
    /// </summary>
    /// <param name="model">Null means the client's.</param>
    /// <param name="progress">Told several times a second.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="RpcException">FAILED_PRECONDITION: there is nothing to train on; or the training failed.</exception>
    public async Task<TrainingResult> TrainAsync(
        string? model = null, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var request = new TrainModelRequest { Model = model ?? _options.Model };
        using var call = Models.TrainModel(request, cancellationToken: cancellationToken);
        await foreach (var message in call.ResponseStream.ReadAllAsync(cancellationToken))
        {
            if (message.Result is { } result) return result;
            if (message.Progress is { } step) progress?.Report(step);
        }
        throw new RpcException(new Status(StatusCode.DataLoss, "The daemon ended the call without a result; the training may go on: ask for the model."));
    }

    /// <summary>Sets the attributes of items, replacing all that they had; a deleted item is there again. On disk and in force when it returns.</summary>
    /// <param name="items">1..1000, each item once; see <see cref="AttributeValues"/>.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="RpcException">INVALID_ARGUMENT: an item is wrong, by field; then none was changed.</exception>
    public Task<UpsertItemsResponse> UpsertItemsAsync(IEnumerable<Item> items, CancellationToken cancellationToken = default) =>
        Catalog.UpsertItemsAsync(new UpsertItemsRequest { Model = _options.Model, Items = { items } }, Options(cancellationToken)).ResponseAsync;

    /// <summary>An item of the catalogue.</summary>
    /// <exception cref="RpcException">NOT_FOUND: it was never upserted, or deleted since.</exception>
    public async Task<Item> GetItemAsync(string itemId, CancellationToken cancellationToken = default) =>
        (await Catalog.GetItemAsync(new GetItemRequest { Model = _options.Model, ItemId = itemId }, Options(cancellationToken))).Item;

    /// <summary>All items of the catalogue, asked for page by page.</summary>
    /// <exception cref="RpcException">NOT_FOUND: no such model.</exception>
    public async IAsyncEnumerable<Item> ListItemsAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var request = new ListItemsRequest { Model = _options.Model, PageSize = ItemsOfPage };
        do
        {
            var page = await Catalog.ListItemsAsync(request, Options(cancellationToken));
            foreach (var item in page.Items) yield return item;
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
    }

    /// <summary>Deletes items: no recall answers them any more, until they are upserted again.</summary>
    /// <param name="itemIds">1..1000; unknown ones are told in the answer.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="RpcException">INVALID_ARGUMENT: an id is wrong; then none was deleted.</exception>
    public Task<DeleteItemsResponse> DeleteItemsAsync(IEnumerable<string> itemIds, CancellationToken cancellationToken = default) =>
        Catalog.DeleteItemsAsync(new DeleteItemsRequest { Model = _options.Model, ItemIds = { itemIds } }, Options(cancellationToken)).ResponseAsync;

    /// <summary>Forgets a user and returns the receipt. Has no deadline: the daemon rewrites the files that hold the user.</summary>
    /// <param name="userId">Need not be known.</param>
    /// <param name="model">Null means the client's.</param>
    /// <param name="cancellationToken">Ends the waiting; an erasure that has begun is finished all the same.</param>
    /// <exception cref="RpcException">RESOURCE_EXHAUSTED or UNAVAILABLE: the disk refused; repeat it.</exception>
    public Task<EraseUserResponse> EraseUserAsync(string userId, string? model = null, CancellationToken cancellationToken = default) =>
        Catalog.EraseUserAsync(new EraseUserRequest { Model = model ?? _options.Model, UserId = userId }, cancellationToken: cancellationToken).ResponseAsync;

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

    /// <summary>Closes the connection. Event streams that are still open fail.</summary>
    public void Dispose() => _channel.Dispose();

    private CallOptions Options(CancellationToken cancellationToken) =>
        new(deadline: _time.GetUtcNow().UtcDateTime + _options.CallTimeout, cancellationToken: cancellationToken);

    private RecallRequest WithModel(RecallRequest request) => request.Model.Length > 0 ? request : new RecallRequest(request) { Model = _options.Model };
}
