using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models.Exchange;

/// <summary>Makes vectors that were read what a generation is made of. Stateless.</summary>
internal static class VectorImport
{
    /// <summary>Lays out the vectors by falling count, as everything that serves expects; items of equal count stay in the order of the file.</summary>
    /// <param name="input">W1.</param>
    /// <param name="output">
    /// W2, of the same items in any order. Without it W2 is W1 at unit length: what comes next is then what is near, whatever its count.
    /// </param>
    /// <param name="log">The model's log, by which items are counted.</param>
    /// <param name="trainOn">Which interactions count.</param>
    /// <param name="cancellationToken">Checked between rows.</param>
    /// <exception cref="VectorFormatException">The two tables do not fit together; says where.</exception>
    public static GenerationVectors Prepare(
        ImportedVectors input, ImportedVectors? output, InteractionLog log, TrainingInteractions trainOn, CancellationToken cancellationToken)
    {
        RequireSameItems(input, output);
        var counts = CountsOf(input, log, trainOn, cancellationToken);
        var order = Enumerable.Range(0, input.Count).OrderByDescending(row => counts[row]).ToArray();
        var vocabulary = Vocabulary.Create(order.Select(row => (input.Ids[row], counts[row])));
        var first = new EmbeddingMatrix(input.Count, input.Dimension);
        var second = new EmbeddingMatrix(input.Count, input.Dimension);
        for (var ordinal = 0; ordinal < order.Length; ordinal++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var item = new ItemOrdinal(ordinal);
            input[order[ordinal]].CopyTo(first[item]);
            if (output is null)
            {
                UnitRows.Copy(input[order[ordinal]], second[item]);
            }
            else
            {
                output.TryGetRow(input.Ids[order[ordinal]], out var row);
                output[row].CopyTo(second[item]);
            }
        }

        return new GenerationVectors(vocabulary, VectorTable.FromMatrix(first), VectorTable.FromMatrix(second), Similarity: null);
    }

    private static void RequireSameItems(ImportedVectors input, ImportedVectors? output)
    {
        if (output is null) return;
        if (output.Dimension != input.Dimension) throw new VectorFormatException("output", $"its dimension is {output.Dimension} and that of input {input.Dimension}; must be the same");
        if (output.Ids.FirstOrDefault(id => !input.TryGetRow(id, out _)) is { } extra) throw new VectorFormatException("output", $"item '{extra}' is not in input");
        if (input.Ids.FirstOrDefault(id => !output.TryGetRow(id, out _)) is { } missing) throw new VectorFormatException("output", $"item '{missing}' of input is missing");
    }

    // At least one each: popularity of items that were never seen here is equal, not undefined.
    private static long[] CountsOf(ImportedVectors input, InteractionLog log, TrainingInteractions trainOn, CancellationToken cancellationToken)
    {
        var counts = new long[input.Count];
        foreach (var entry in log.Scan(new LogOffset(0), log.DurableOffset, cancellationToken))
        {
            if (trainOn.Include(entry.Interaction) && input.TryGetRow(entry.Interaction.ItemId, out var row)) counts[row]++;
        }

        for (var row = 0; row < counts.Length; row++) counts[row] = Math.Max(1, counts[row]);
        return counts;
    }
}
