namespace EmbeddingGrpc.Server.Cache;

/// <summary>
/// Leaves a failing neighbour alone: closed until <paramref name="failuresToOpen"/> failures come in a row, then open; while open one caller
/// at a time, after a pause that doubles, may probe. Thread-safe; takes a short lock only when something fails or it is open.
/// </summary>
internal sealed class CircuitBreaker(int failuresToOpen, TimeSpan firstPause, TimeSpan longestPause, TimeProvider time)
{
    private readonly Lock _gate = new();
    private int _failures;
    private volatile bool _isOpen;
    private bool _isProbing;
    private TimeSpan _pause;
    private DateTimeOffset _probeAt;

    /// <summary>Whether calls are to be left out.</summary>
    public bool IsOpen => _isOpen;

    /// <summary>Whether the caller shall probe now. It must report the outcome.</summary>
    public bool TryBeginProbe()
    {
        lock (_gate)
        {
            if (!_isOpen || _isProbing || time.GetUtcNow() < _probeAt) return false;
            return _isProbing = true;
        }
    }

    /// <summary>A call did well.</summary>
    /// <returns>True if this closed the circuit.</returns>
    public bool Succeeded()
    {
        if (!_isOpen && Volatile.Read(ref _failures) == 0) return false;
        lock (_gate)
        {
            var closed = _isOpen;
            (_failures, _isOpen, _isProbing, _pause) = (0, false, false, TimeSpan.Zero);
            return closed;
        }
    }

    /// <summary>A call failed.</summary>
    /// <returns>True if this opened the circuit.</returns>
    public bool Failed()
    {
        lock (_gate)
        {
            if (_isOpen && !_isProbing) return false;
            if (!_isOpen && ++_failures < failuresToOpen) return false;
            var opened = !_isOpen;
            _pause = opened ? firstPause : TimeSpan.FromTicks(Math.Min(_pause.Ticks * 2, longestPause.Ticks));
            (_isOpen, _isProbing, _probeAt) = (true, false, time.GetUtcNow() + _pause);
            return opened;
        }
    }
}
