namespace EmbeddingGrpc.Server.Recall;

/// <summary>One item of an answer.</summary>
/// <param name="Item">The item.</param>
/// <param name="Score">Higher is better; comparable within one answer.</param>
/// <param name="Sources">Who found it.</param>
public readonly record struct RecallCandidate(CandidateId Item, float Score, RecallSources Sources);
