using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training.Evaluation;

/// <summary>Ordinals of a vocabulary to the numbers of what is held out. Stateless.</summary>
internal static class ItemNumbers
{
    /// <summary>The number of each item of a vocabulary; -1 for one that does not occur.</summary>
    public static int[] Of(Vocabulary vocabulary, HeldOut heldOut)
    {
        var numbers = new int[vocabulary.Count];
        for (int ordinal = 0; ordinal < numbers.Length; ordinal++)
        {
            numbers[ordinal] = heldOut.TryGetItem(vocabulary.IdOf(new ItemOrdinal(ordinal)), out int item) ? item : -1;
        }

        return numbers;
    }
}
