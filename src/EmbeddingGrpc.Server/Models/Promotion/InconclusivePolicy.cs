namespace EmbeddingGrpc.Server.Models.Promotion;

/// <summary>What happens to a generation of which too little can be asked to judge it.</summary>
public enum InconclusivePolicy
{
    /// <summary>It serves: it knows what is new, and nothing speaks against it.</summary>
    Promote,

    /// <summary>It is kept and does not serve.</summary>
    Reject,
}
