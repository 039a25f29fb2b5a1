namespace EmbeddingGrpc.Server.Models.Settings;

/// <summary>When a changed option takes effect.</summary>
public enum OptionEffect
{
    /// <summary>With the next training; what serves was made with the old value.</summary>
    NextTraining,

    /// <summary>At once, or with the next training that it only makes faster or slower.</summary>
    AtOnce,

    /// <summary>When the daemon starts again.</summary>
    Restart,
}
