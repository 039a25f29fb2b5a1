using System.Buffers.Binary;
using System.Text;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Server.Cache;

/// <summary>
/// Takes candidates out of an encoded answer without decoding it: exclusions and thresholds are applied after the cache, so that one entry serves
/// many.
/// </summary>
public static class AnswerFilter
{
    /// <summary>The best <paramref name="k"/> candidates that are not excluded and good enough.</summary>
    /// <param name="body">A body of <see cref="AnswerEncoder"/>.</param>
    /// <param name="excludes">Item ids.</param>
    /// <param name="minimumScore">Candidates with a lower score are left out; null for none.</param>
    /// <param name="k">Candidates wanted.</param>
    /// <param name="candidates">Candidates left, at most <paramref name="k"/>.</param>
    /// <returns>The body of an answer with only those.</returns>
    /// <exception cref="InvalidDataException">Not such a body.</exception>
    public static byte[] Apply(ReadOnlySpan<byte> body, IReadOnlySet<string> excludes, float? minimumScore, int k, out int candidates)
    {
        ArgumentNullException.ThrowIfNull(excludes);
        var written = new byte[body.Length];
        var output = new ProtobufWriter(written);
        var input = new ProtobufReader(body);
        candidates = 0;
        while (input.TryReadField(out var field))
        {
            if (field.Number != RecallResponse.CandidatesFieldNumber)
            {
                output.Bytes(field.Encoded);
                continue;
            }

            if (candidates == k || !(ScoreOf(field.Value) >= (minimumScore ?? float.NegativeInfinity)) || excludes.Contains(ItemIdOf(field.Value))) continue;
            output.Bytes(field.Encoded);
            candidates++;
        }

        return written[..output.Position];
    }

    /// <summary>Whether one of the candidates is among these.</summary>
    /// <param name="body">A body of <see cref="AnswerEncoder"/>.</param>
    /// <param name="itemIds">Item ids.</param>
    /// <exception cref="InvalidDataException">Not such a body.</exception>
    public static bool HasAny(ReadOnlySpan<byte> body, IReadOnlySet<string> itemIds)
    {
        ArgumentNullException.ThrowIfNull(itemIds);
        var input = new ProtobufReader(body);
        while (input.TryReadField(out var field))
            if (field.Number == RecallResponse.CandidatesFieldNumber && itemIds.Contains(ItemIdOf(field.Value)))
                return true;
        return false;
    }

    private static float ScoreOf(ReadOnlySpan<byte> candidate)
    {
        var input = new ProtobufReader(candidate);
        while (input.TryReadField(out var field))
            if (field.Number == Candidate.ScoreFieldNumber)
                return BinaryPrimitives.ReadSingleLittleEndian(field.Value);
        // A message does not write a zero.
        return 0;
    }

    private static string ItemIdOf(ReadOnlySpan<byte> candidate)
    {
        var input = new ProtobufReader(candidate);
        while (input.TryReadField(out var field))
            if (field.Number == Candidate.ItemIdFieldNumber)
                return Encoding.UTF8.GetString(field.Value);
        throw new InvalidDataException("A candidate of an encoded answer has no item id.");
    }
}
