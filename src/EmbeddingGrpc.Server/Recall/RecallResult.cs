namespace EmbeddingGrpc.Server.Recall;

/// <summary>What the engine found. Lives in its thread's scratch: valid until that thread's next search.</summary>
public readonly ref struct RecallResult
{
    /// <summary>An answer.</summary>
    public RecallResult(ReadOnlySpan<RecallCandidate> candidates, AnswerBasis basis)
    {
        Candidates = candidates;
        Basis = basis;
    }

    /// <summary>An answer with its reasons.</summary>
    public RecallResult(ReadOnlySpan<RecallCandidate> candidates, AnswerBasis basis, ReadOnlySpan<Pull> pulls, ReadOnlySpan<float> contributions)
        : this(candidates, basis)
    {
        Pulls = pulls;
        Contributions = contributions;
    }

    /// <summary>Best first.</summary>
    public ReadOnlySpan<RecallCandidate> Candidates { get; }

    /// <summary>What made it.</summary>
    public AnswerBasis Basis { get; }

    /// <summary>The items that made the query; empty unless reasons were asked for.</summary>
    public ReadOnlySpan<Pull> Pulls { get; }

    /// <summary>[candidates, pulls]: what each pull contributed to each score.</summary>
    public ReadOnlySpan<float> Contributions { get; }
}
