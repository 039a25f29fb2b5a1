namespace EmbeddingGrpc.Server.Models;

/// <summary>The models of this daemon by name. The default model exists from the start.</summary>
public sealed class ModelRegistry
{
    /// <summary>The name that an empty one stands for.</summary>
    public const string DefaultModel = "default";

    /// <summary>All models, by name.</summary>
    public IReadOnlyCollection<ModelRuntime> Models => throw new NotImplementedException();

    /// <summary>Finds a model; an empty name means <see cref="DefaultModel"/>.</summary>
    /// <exception cref="ModelNotFoundException">No such model.</exception>
    public ModelRuntime Get(string name) => throw new NotImplementedException();
}
