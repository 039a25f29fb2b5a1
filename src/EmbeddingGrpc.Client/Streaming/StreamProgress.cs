namespace EmbeddingGrpc.Client.Streaming;

/// <summary>How long a stream has gone without getting anywhere. Being connected is not progress: a daemon may fail the same batch again and again.</summary>
/// <param name="time">The clock.</param>
internal sealed class StreamProgress(TimeProvider time)
{
    private long? _outageBegan;

    /// <summary>Something became durable, or the daemon answered while there was nothing to send.</summary>
    public void Made() => _outageBegan = null;

    /// <summary>A connection ended.</summary>
    /// <returns>How long this has lasted.</returns>
    public TimeSpan Lost()
    {
        _outageBegan ??= time.GetTimestamp();
        return time.GetElapsedTime(_outageBegan.Value);
    }
}
