namespace EmbeddingGrpc.Server.Models;

/// <summary>Recalls that the daemon makes of itself before it says that it is ready for others'.</summary>
/// <remarks>An interface, because models do not know what a recall is.</remarks>
public interface IFirstRecalls
{
    /// <summary>Recalls once in each way, and throws the answers away; one that fails is passed over.</summary>
    /// <param name="model">A model whose first generation serves.</param>
    /// <param name="cancellationToken">Stops it.</param>
    void Make(ModelRuntime model, CancellationToken cancellationToken);
}
