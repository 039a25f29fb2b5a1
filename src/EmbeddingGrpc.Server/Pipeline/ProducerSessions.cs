using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>
/// The one session that each producer has at a time: a newer one fences the older one, of the same epoch too, because a client that
/// reconnects cannot know whether its old connection still lives. Any number of threads.
/// </summary>
public sealed class ProducerSessions
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(InteractionLog Log, string Name), ProducerSession> _current = [];

    /// <summary>Sessions that are open or still on their way to the log.</summary>
    public int Count
    {
        get
        {
            lock (_gate) return _current.Count;
        }
    }

    /// <summary>
    /// Begins a session. When it returns, everything that older sessions of the producer sent to the log is durable or has failed, so that the
    /// log's number for the producer is final: otherwise a late batch of the old stream could overtake what the new one sends again.
    /// </summary>
    /// <exception cref="ProducerFencedException">A session of a higher epoch is open.</exception>
    public async Task<ProducerSession> EnterAsync(InteractionLog log, ProducerId producer, CancellationToken cancellationToken)
    {
        var key = (log, producer.Name);
        var session = new ProducerSession(producer);
        ProducerSession? older;
        lock (_gate)
        {
            if (_current.TryGetValue(key, out older) && older.Producer.Epoch > producer.Epoch)
                throw new ProducerFencedException(producer, older.Producer.Epoch);
            _current[key] = session;
        }

        var following = session.FollowAsync(older);
        _ = ForgetWhenDrainedAsync(key, session);
        try
        {
            await following.WaitAsync(cancellationToken);
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private async Task ForgetWhenDrainedAsync((InteractionLog, string) key, ProducerSession session)
    {
        await session.Drained;
        lock (_gate)
        {
            if (_current.TryGetValue(key, out var current) && ReferenceEquals(current, session)) _current.Remove(key);
        }
    }
}
