using System.Text;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Recall.Users;

/// <summary>
/// The vectors of one model's active users: made when they are first asked for, again after a generation began to serve, and anew beside the readers when users
/// did something. Thread-safe; a short lock, which nobody holds while vectors are made or searched.
/// </summary>
internal sealed partial class UserVectorStore : IAsyncDisposable
{
    private readonly string _model;
    private readonly SimilarUserOptions _options;
    private readonly UserVectorBuilder _builder;
    private readonly AppliedState _state;
    private readonly Func<LogOffset> _applied;
    private readonly GenerationStore _generations;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _closing = new();
    private UserVectors? _current;
    private long _builtAt;
    private Task _build = Task.CompletedTask;

    // Users who were forgotten while vectors are made; null while none are.
    private List<ulong>? _forgotten;
    private bool _isClosed;

    /// <summary>Makes nothing yet.</summary>
    /// <param name="model">Its name.</param>
    /// <param name="options">How recalls ask, which is how users are compared.</param>
    /// <param name="state">The histories.</param>
    /// <param name="applied">How far the log is applied to them.</param>
    /// <param name="generations">What serves.</param>
    /// <param name="time">The clock of refreshing.</param>
    /// <param name="logger">Told what fails behind everybody's back.</param>
    public UserVectorStore(
        string model, RecallOptions options, AppliedState state, Func<LogOffset> applied, GenerationStore generations, TimeProvider time, ILogger logger)
    {
        (_model, _options, _builder) = (model, options.SimilarUsers, new UserVectorBuilder(options));
        (_state, _applied, _generations, _time, _logger) = (state, applied, generations, time, logger);
    }

    /// <summary>Memory held, in bytes.</summary>
    public long SizeBytes
    {
        get
        {
            lock (_gate) return _current?.SizeBytes ?? 0;
        }
    }

    /// <summary>The making of vectors that runs, or the last one.</summary>
    internal Task Building
    {
        get
        {
            lock (_gate) return _build;
        }
    }

    /// <summary>Called on the making thread between the reading of the histories and the taking over of what was made of them.</summary>
    internal Action? HistoriesRead { get; set; }

    /// <summary>Leases the vectors of a generation; waits for them where there are none yet, and never where they are only not quite new.</summary>
    /// <param name="generation">Leased by the caller.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Nothing where the generation does not serve any more.</returns>
    /// <exception cref="SimilarUsersOffException">No vectors of users are kept.</exception>
    public async ValueTask<UserVectorsLease> LeaseAsync(Generation generation, CancellationToken cancellationToken)
    {
        if (_options.MaximumUsers == 0) throw new SimilarUsersOffException();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Task build;
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_isClosed, this);
                if (_current is { } current && current.GenerationId == generation.Id)
                {
                    if (_forgotten is null && IsOutdated(current, generation)) Start(generation, current);
                    return current.Lease();
                }

                if (_generations.Serving?.Id != generation.Id) return default;
                // One that runs already may be that of the generation before: then it is this one's turn after it.
                build = _forgotten is null ? Start(generation, previous: null) : _build;
            }

            try
            {
                await build.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // The store was closed, which is found above.
            }
        }
    }

    /// <summary>Takes a user out, also of what is being made. When this returns, no answer that begins finds the user.</summary>
    public void Forget(string userId)
    {
        var hash = _state.Histories.Hash(Encoding.UTF8.GetBytes(userId));
        lock (_gate)
        {
            _current?.Forget(hash);
            _forgotten?.Add(hash);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Task build;
        lock (_gate) (_isClosed, build) = (true, _build);
        await _closing.CancelAsync();
        // What failed was logged, and told to who waited.
        await Task.WhenAny(build);
        lock (_gate)
        {
            _current?.Release();
            _current = null;
        }

        _closing.Dispose();
    }

    private UserVectorSources SourcesOf(Generation generation) => new(_applied(), generation.OverlayRows);

    private bool IsOutdated(UserVectors current, Generation generation) =>
        _time.GetElapsedTime(_builtAt) >= _options.RefreshInterval && current.Sources != SourcesOf(generation);

    private Task Start(Generation generation, UserVectors? previous)
    {
        if (!generation.TryAcquire()) throw new InvalidOperationException($"Generation {generation.IdText} is not leased.");
        _forgotten = [];
        var reused = previous?.Lease() ?? default;
        return _build = Task.Run(() => Build(generation, reused), CancellationToken.None);
    }

    private void Build(Generation generation, UserVectorsLease previous)
    {
        try
        {
            var space = new RecallSpace(generation, _state.Items, _state.Graph);
            TakeOver(_builder.Build(space, _state.Histories, previous.Vectors, SourcesOf(generation), _closing.Token));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogFailed(e, _model, e.Message);
            throw;
        }
        finally
        {
            previous.Dispose();
            generation.Release();
            lock (_gate) _forgotten = null;
        }
    }

    private void TakeOver(UserVectors made)
    {
        HistoriesRead?.Invoke();
        UserVectors? replaced;
        lock (_gate)
        {
            foreach (var hash in _forgotten!) made.Forget(hash);
            (replaced, _current, _builtAt) = (_current, made, _time.GetTimestamp());
            // From here on they are forgotten in what was made itself.
            _forgotten.Clear();
        }

        replaced?.Release();
    }

    [LoggerMessage(2041, LogLevel.Error, "The vectors of the users of model '{Model}' could not be made: {Reason}")]
    private partial void LogFailed(Exception exception, string model, string reason);
}
