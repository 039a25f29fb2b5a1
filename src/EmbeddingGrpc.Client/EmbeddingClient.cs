using EmbeddingGrpc.Client.Calls;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmbeddingGrpc.Client;

/// <summary>
/// The daemon, from .NET: asks for recommendations, opens event streams, makes and trains models, keeps the catalogue. One per daemon and process: it
/// owns the connection and may be used by any number of threads. Calls fail with <see cref="RpcException"/>; <see cref="RpcErrorText"/> makes them readable.
/// </summary>
/// <remarks>
/// Calls that only read are repeated while the daemon is unavailable, <see cref="AppendEventsAsync"/> only where a producer numbers the interactions.
/// The generated stubs are there for everything else.
/// </remarks>
public sealed partial class EmbeddingClient : IDisposable
{
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
    /// <exception cref="ArgumentException">Not an http, https or dns address, or a certificate that cannot be used.</exception>
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
    /// <exception cref="RpcException">NOT_FOUND: the item or model is unknown; FAILED_PRECONDITION: nothing was trained yet that could answer; INVALID_ARGUMENT.</exception>
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

    /// <summary>Items for a user, from the user's own recent history; the most popular ones for a user without any, and any there are where nothing is popular yet.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="k">How many, 1..1000.</param>
    /// <param name="excludeSeen">Leave out what the user has interacted with.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="RpcException">FAILED_PRECONDITION: there are no items yet.</exception>
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

    /// <summary>Items that go on from a list of a user's recent ones, mixed with the user's stored history.</summary>
    /// <param name="itemIds">Oldest first, 1..1000. Unknown ones are skipped.</param>
    /// <param name="userId">The user; one without a history is answered for the items alone.</param>
    /// <param name="historyWeight">The part of the query that is the history's, 0..1; null for the daemon's setting.</param>
    /// <param name="k">How many, 1..1000.</param>
    /// <param name="excludeSeen">Leave out what the user has interacted with.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="RpcException">INVALID_ARGUMENT.</exception>
    public Task<RecallResponse> RecallForSessionAsync(
        IEnumerable<string> itemIds, string userId, double? historyWeight = null, int k = 10, bool excludeSeen = true, CancellationToken cancellationToken = default)
    {
        var session = new SessionQuery { UserId = userId, Items = { itemIds.Select(id => new SessionItem { ItemId = id }) } };
        if (historyWeight is { } weight) session.HistoryWeight = weight;
        return RecallAsync(new RecallRequest { Session = session, K = checked((uint)k), ExcludeSeen = excludeSeen }, cancellationToken);
    }

    /// <summary>Many queries in one call; one that fails does not fail its neighbours.</summary>
    /// <returns>One result for each request, in the same order.</returns>
    /// <exception cref="RpcException">The batch as a whole could not be answered.</exception>
    public Task<BatchRecallResponse> BatchRecallAsync(IEnumerable<RecallRequest> requests, CancellationToken cancellationToken = default)
    {
        var batch = new BatchRecallRequest { Requests = { requests.Select(WithModel) } };
        return Recommendations.BatchRecallAsync(batch, Options(cancellationToken)).ResponseAsync;
    }

    /// <summary>Opens a stream of recalls, for many queries at once. Returns at once; it connects with the first query, and again by itself.</summary>
    public RecallStream OpenRecallStream() => new(Recommendations, WithModel, _options, _time);

    /// <summary>The vectors of items in the serving generation.</summary>
    /// <exception cref="RpcException">FAILED_PRECONDITION: nothing was trained yet.</exception>
    public Task<GetEmbeddingsResponse> GetEmbeddingsAsync(
        IEnumerable<string> itemIds, EmbeddingTable table = EmbeddingTable.Similarity, CancellationToken cancellationToken = default)
    {
        var request = new GetEmbeddingsRequest { Model = _options.Model, Table = table, ItemIds = { itemIds } };
        return Recommendations.GetEmbeddingsAsync(request, Options(cancellationToken)).ResponseAsync;
    }

    /// <summary>The users most like a user by what they did lately, among the users who were active last.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="k">How many, 1..1000.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="RpcException">
    /// NOT_FOUND: nothing is known of the user that could be compared; FAILED_PRECONDITION: nothing was trained yet, or the daemon keeps no vectors of users.
    /// </exception>
    public Task<SimilarUsersResponse> GetSimilarUsersAsync(string userId, int k = 10, CancellationToken cancellationToken = default)
    {
        var request = new SimilarUsersRequest { Model = _options.Model, UserId = userId, K = checked((uint)k) };
        return Recommendations.SimilarUsersAsync(request, Options(cancellationToken)).ResponseAsync;
    }

    /// <summary>Closes the connection. Event streams that are still open fail.</summary>
    public void Dispose() => _channel.Dispose();

    private CallOptions Options(CancellationToken cancellationToken) =>
        new(deadline: _time.GetUtcNow().UtcDateTime + _options.CallTimeout, cancellationToken: cancellationToken);

    private RecallRequest WithModel(RecallRequest request) => request.Model.Length > 0 ? request : new RecallRequest(request) { Model = _options.Model };
}
