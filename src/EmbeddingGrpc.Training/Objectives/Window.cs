namespace EmbeddingGrpc.Training;

/// <summary>Draws how far the contexts of a center reach. Immutable.</summary>
internal readonly struct Window(TrainingOptions options)
{
    private readonly WindowMode _mode = options.WindowMode;
    private readonly int _size = options.Window;

    /// <summary>Contexts on each side at most, whatever the session's length.</summary>
    public int PrefetchDistance => _mode == WindowMode.Session ? 1 : _size;

    /// <summary>The first place and the place after the last of a center's window within its session, the center included.</summary>
    public (int First, int End) Around(int center, int sessionStart, int sessionEnd, ref RandomSource random)
    {
        int reach = _mode switch
        {
            WindowMode.Shrinking => 1 + random.Next(_size),
            WindowMode.Fixed => _size,
            _ => sessionEnd - sessionStart,
        };
        return (Math.Max(sessionStart, center - reach), Math.Min(sessionEnd, center + reach + 1));
    }
}
