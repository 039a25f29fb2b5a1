namespace EmbeddingGrpc.Server.Models;

/// <summary>A question that was asked and can be asked again, to see to it that its next asker does not wait.</summary>
/// <remarks>An interface, because generations do not know what a recall is.</remarks>
public interface IAskedQuery
{
    /// <summary>Equal for questions that one kept answer serves; null for one whose answer another generation's callers could not share.</summary>
    object? Key { get; }

    /// <summary>Asks a generation that need not serve yet and throws the answer away; a question that it cannot answer is passed over.</summary>
    /// <param name="generation">Leased by the caller.</param>
    /// <param name="cancellationToken">Stops it.</param>
    void Run(Generation generation, CancellationToken cancellationToken);

    /// <summary>Asks whatever serves and keeps the answer where callers will look for it.</summary>
    /// <param name="cancellationToken">Stops it.</param>
    ValueTask AnswerAnewAsync(CancellationToken cancellationToken);
}
