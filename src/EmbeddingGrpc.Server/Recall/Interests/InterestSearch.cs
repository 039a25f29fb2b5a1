using EmbeddingGrpc.Server.Recall.Blending;

namespace EmbeddingGrpc.Server.Recall.Interests;

/// <summary>
/// Finds what comes after each interest of a history by itself, and merges what was found. A mean of all the items lies between the interests, where there
/// may be nothing of either. Stateless; works in a thread's scratch.
/// </summary>
/// <remarks>
/// One after the other, not in parallel: a daemon that is asked much has a call for each of its processors already, and then a second thread a call
/// only makes others wait.
/// </remarks>
internal sealed class InterestSearch(BlendedSearch blend)
{
    /// <summary>Fills the scratch's candidates, best first, from its pulls.</summary>
    /// <param name="space">What is searched.</param>
    /// <param name="query">Says how many, from which sources, and whether to explain.</param>
    /// <param name="most">Interests at most; 1 searches for all pulls at once.</param>
    /// <param name="scratch">Pulls and exclusions in, candidates out.</param>
    /// <param name="cancellationToken">Checked between the interests and within each.</param>
    /// <returns>What made the answer; null where no source knows the pulls.</returns>
    public AnswerBasis? Run(in RecallSpace space, RecallQuery query, int most, RecallScratch scratch, CancellationToken cancellationToken)
    {
        if (most <= 1 || scratch.Pulls.Count <= 1) return blend.Run(space, query, scratch, cancellationToken);
        var merge = scratch.Interests;
        var count = merge.Clusters.Divide(space.Generation, scratch.Pulls, most, out var interests);
        if (count == 1) return blend.Run(space, query, scratch, cancellationToken);

        merge.Begin(scratch.Pulls, interests, count);
        AnswerBasis? basis = null;
        for (var interest = 0; interest < count; interest++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            merge.Take(interest, scratch);
            var found = blend.Run(space, query, scratch, cancellationToken);
            // Of an answer that the embeddings have a part in.
            if (found is AnswerBasis.Embedding || basis is null) basis = found;
            merge.Add(interest, query.Explain, scratch);
        }

        merge.End(space.Generation, query, scratch);
        return basis;
    }
}
