namespace EmbeddingGrpc.Server.Models;

/// <summary>A question that was asked lately and can be asked of another generation, to see to it that its next asker does not wait.</summary>
/// <remarks>An interface, because generations do not know what a recall is.</remarks>
public interface IWarmUpQuery
{
    /// <summary>Asks it and throws the answer away; one that the generation cannot answer is passed over.</summary>
    /// <param name="generation">Leased by the caller.</param>
    /// <param name="cancellationToken">Stops it.</param>
    void Run(Generation generation, CancellationToken cancellationToken);
}
