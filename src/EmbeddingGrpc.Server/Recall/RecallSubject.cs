namespace EmbeddingGrpc.Server.Recall;

/// <summary>What candidates are asked for: one case of the request's <c>oneof</c>.</summary>
public abstract record RecallSubject
{
    private protected RecallSubject()
    {
    }

    /// <summary>The kind, as it is tagged in metrics and in cache keys.</summary>
    public abstract RecallKind Kind { get; }

    /// <summary>The user whose stored history has a say; null where none has.</summary>
    public virtual string? HistoryOf => null;
}
