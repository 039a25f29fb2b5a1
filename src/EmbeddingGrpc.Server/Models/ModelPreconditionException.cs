namespace EmbeddingGrpc.Server.Models;

/// <summary>A call is right in itself and not for this model as it is. The message says what to do instead.</summary>
/// <param name="reason">A constant in capitals, for programs.</param>
/// <param name="message">What is the matter and what to do.</param>
public sealed class ModelPreconditionException(string reason, string message)
    : Exception(message)
{
    /// <summary>A constant in capitals, for programs.</summary>
    public string Reason { get; } = reason;
}
