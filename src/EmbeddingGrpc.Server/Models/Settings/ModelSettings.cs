namespace EmbeddingGrpc.Server.Models.Settings;

/// <summary>One model's options as they are now. One writer at a time, readers take the immutable record that is current.</summary>
internal sealed class ModelSettings(ModelOptions options)
{
    private ModelOptions _current = options;

    /// <summary>The options now.</summary>
    public ModelOptions Current
    {
        get => Volatile.Read(ref _current);
        set => Volatile.Write(ref _current, value);
    }

    /// <summary>The options that the model was opened with: those that take effect with a restart are in force.</summary>
    public ModelOptions OpenedWith { get; } = options;
}
