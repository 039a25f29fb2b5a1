namespace EmbeddingGrpc.Server.Hosting;

/// <summary>
/// Which services take calls now, and why not. The rooms report; grpc.health.v1 and <c>/readyz</c> tell. Thread-safe: reports are few
/// and take a lock, readers see the last one.
/// </summary>
public sealed class ServingStatus
{
    /// <summary>Serves once the log of the default model is open.</summary>
    public const string Events = "embeddinggrpc.v1.EventService";

    /// <summary>Serves once a generation is warm.</summary>
    public const string Recall = "embeddinggrpc.v1.RecallService";

    /// <summary>Serves once the models are open.</summary>
    public const string Models = "embeddinggrpc.v1.ModelService";

    /// <summary>The daemon as a whole: serves when <see cref="Events"/> does.</summary>
    public const string Overall = "";

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (bool Serving, string Reason)> _services = new(StringComparer.Ordinal)
    {
        [Events] = (false, "The log is not open yet."),
        [Recall] = (false, "No generation is warm yet: ingest events and train the model."),
        [Models] = (false, "The models are not open yet."),
    };

    private TaskCompletionSource _nextChange = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _closed;

    /// <summary>Completes with the next change. Take it before reading the state: then no change goes unseen.</summary>
    public Task NextChange
    {
        get
        {
            lock (_gate) return _nextChange.Task;
        }
    }

    /// <summary>The services, <see cref="Overall"/> included.</summary>
    public IReadOnlyList<string> Services
    {
        get
        {
            lock (_gate) return [Overall, .. _services.Keys];
        }
    }

    /// <summary>Says whether a service takes calls. After <see cref="Close"/> nothing changes any more.</summary>
    /// <param name="service">One of the names above.</param>
    /// <param name="serving">Whether it does.</param>
    /// <param name="reason">Why, for whoever asks at <c>/readyz</c>.</param>
    public void Report(string service, bool serving, string reason)
    {
        lock (_gate)
        {
            if (_closed) return;
            _services[service] = (serving, reason);
            Changed();
        }
    }

    /// <summary>Says for good that no service takes calls.</summary>
    public void Close(string reason)
    {
        lock (_gate)
        {
            foreach (var service in _services.Keys.ToArray()) _services[service] = (false, reason);
            _closed = true;
            Changed();
        }
    }

    /// <summary>Whether a service takes calls, and why.</summary>
    /// <returns>False for a service that does not exist.</returns>
    public bool TryGet(string service, out bool serving, out string reason)
    {
        lock (_gate)
        {
            var known = _services.TryGetValue(service == Overall ? Events : service, out var status);
            (serving, reason) = known ? status : (false, "There is no such service.");
            return known;
        }
    }

    private void Changed()
    {
        _nextChange.SetResult();
        _nextChange = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
