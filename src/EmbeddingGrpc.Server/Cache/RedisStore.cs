using StackExchange.Redis;

namespace EmbeddingGrpc.Server.Cache;

/// <summary>
/// A Redis, or whatever speaks its protocol. Connects in the background when the daemon starts and again whenever the connection is lost;
/// until then it says that it is not connected. Thread-safe.
/// </summary>
public sealed partial class RedisStore : IRemoteStore, IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan LongestRetryDelay = TimeSpan.FromSeconds(5);

    private readonly ConfigurationOptions? _configuration;
    private readonly TimeProvider _time;
    private readonly ILogger<RedisStore> _logger;
    private readonly CancellationTokenSource _stopping = new();
    private volatile ConnectionMultiplexer? _connection;
    private int _disposed;

    /// <summary>Reads the configuration; connects to nothing yet.</summary>
    /// <exception cref="ArgumentException">The configuration cannot be read.</exception>
    public RedisStore(RedisOptions options, TimeProvider time, ILogger<RedisStore> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_time, _logger) = (time, logger);
        _configuration = options.Configuration.Length == 0 ? null : RedisConfiguration.Parse(options);
    }

    /// <inheritdoc/>
    public bool IsConnected => _connection is { IsConnected: true };

    private IDatabase Database => (_connection ?? throw new InvalidOperationException("Redis is not connected yet.")).GetDatabase();

    /// <inheritdoc/>
    public async Task<byte[]?> GetAsync(string key) => await Database.StringGetAsync(key);

    /// <inheritdoc/>
    public Task SetAsync(string key, byte[] value, TimeSpan timeToLive) => Database.StringSetAsync(key, value, timeToLive);

    /// <summary>Begins to connect, where a Redis is configured; the daemon's start does not wait for it.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (_configuration is not null) _ = ConnectAsync(_configuration);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => _disposed != 0 ? Task.CompletedTask : _stopping.CancelAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // The container disposes it once for each of the services that it is registered as.
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        await _stopping.CancelAsync();
        if (_connection is { } connection) await connection.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task ConnectAsync(ConfigurationOptions configuration)
    {
        var stopping = _stopping.Token;
        var delay = TimeSpan.FromMilliseconds(100);
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                // Once made, the multiplexer reconnects by itself, whether or not this first attempt reached anyone.
                var connection = await ConnectionMultiplexer.ConnectAsync(configuration);
                await UseAsync(connection, stopping);
                return;
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                LogCannotConnect(_logger, e.Message, e);
                await Task.Delay(delay, _time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                delay = TimeSpan.FromTicks(Math.Min(2 * delay.Ticks, LongestRetryDelay.Ticks));
            }
        }
    }

    private async Task UseAsync(ConnectionMultiplexer connection, CancellationToken stopping)
    {
        connection.ConnectionFailed += (_, e) => LogLost(_logger, e.EndPoint, e.FailureType);
        connection.ConnectionRestored += (_, e) => LogRestored(_logger, e.EndPoint);
        _connection = connection;
        if (stopping.IsCancellationRequested)
        {
            // The daemon stopped while this was under way, and nobody else knows of the connection.
            await connection.DisposeAsync();
            return;
        }

        var names = string.Join(", ", connection.GetEndPoints().Select(e => e.ToString()));
        if (connection.IsConnected) LogConnected(_logger, names);
        else LogUnreachable(_logger, names);
    }

    [LoggerMessage(4111, LogLevel.Information, "Connected to Redis at {EndPoints}")]
    private static partial void LogConnected(ILogger logger, string endPoints);

    [LoggerMessage(4112, LogLevel.Warning, "Redis at {EndPoints} cannot be reached; recalls are answered without it until it can")]
    private static partial void LogUnreachable(ILogger logger, string endPoints);

    [LoggerMessage(4113, LogLevel.Warning, "The connection to Redis at {EndPoint} was lost ({Failure}); recalls are answered without it")]
    private static partial void LogLost(ILogger logger, System.Net.EndPoint? endPoint, ConnectionFailureType failure);

    [LoggerMessage(4114, LogLevel.Information, "Redis at {EndPoint} is connected again")]
    private static partial void LogRestored(ILogger logger, System.Net.EndPoint? endPoint);

    [LoggerMessage(4115, LogLevel.Warning, "Connecting to Redis failed: {Reason}")]
    private static partial void LogCannotConnect(ILogger logger, string reason, Exception exception);
}
