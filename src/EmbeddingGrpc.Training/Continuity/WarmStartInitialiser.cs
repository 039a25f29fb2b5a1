using System.Numerics.Tensors;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training;

/// <summary>
/// Fills the matrices from an earlier generation: shared items keep their rows; a new item starts at the mean of the earlier items that
/// stand around it in the sessions, where training would bring it first anyway; one without such company starts at random.
/// </summary>
internal static class WarmStartInitialiser
{
    private const int Reach = 5;

    /// <summary>Which of the corpus's items the earlier generation has: its ordinal there, or -1.</summary>
    public static int[] Match(Vocabulary vocabulary, Vocabulary earlier)
    {
        var matches = new int[vocabulary.Count];
        for (int item = 0; item < matches.Length; item++)
        {
            matches[item] = earlier.TryGetOrdinal(vocabulary.Utf8IdOf(new ItemOrdinal(item)), out var ordinal) ? ordinal.Value : -1;
        }

        return matches;
    }

    /// <param name="corpus">What will be trained on.</param>
    /// <param name="start">The earlier generation.</param>
    /// <param name="input">W1, already random.</param>
    /// <param name="output">W2, already zero; of the same dimension as all others.</param>
    /// <param name="directRows">Items from this on share rows and start at random: what they share belongs to none of them.</param>
    public static void Fill(TrainingCorpus corpus, WarmStart start, EmbeddingMatrix input, EmbeddingMatrix output, int directRows)
    {
        int[] matches = Match(corpus.Vocabulary, start.Vocabulary);
        for (int item = 0; item < directRows; item++)
        {
            if (matches[item] >= 0)
            {
                start.Input[new ItemOrdinal(matches[item])].CopyTo(input[new ItemOrdinal(item)]);
                start.Output[new ItemOrdinal(matches[item])].CopyTo(output[new ItemOrdinal(item)]);
            }
        }

        PlaceNewItems(corpus, start, matches, input, output, directRows);
    }

    private static void PlaceNewItems(TrainingCorpus corpus, WarmStart start, int[] matches, EmbeddingMatrix input, EmbeddingMatrix output, int directRows)
    {
        var company = new Dictionary<int, NewItem>();
        for (int index = 0; index < corpus.SessionCount; index++)
        {
            var session = corpus.Session(index);
            for (int at = 0; at < session.Length; at++)
            {
                int item = session[at];
                if (matches[item] >= 0 || item >= directRows)
                {
                    continue;
                }

                for (int near = Math.Max(0, at - Reach); near < Math.Min(session.Length, at + Reach + 1); near++)
                {
                    if (matches[session[near]] >= 0)
                    {
                        if (!company.TryGetValue(item, out var place))
                        {
                            company.Add(item, place = new NewItem(input.Dimension));
                        }

                        place.Add(start.Input[new ItemOrdinal(matches[session[near]])], start.Output[new ItemOrdinal(matches[session[near]])]);
                    }
                }
            }
        }

        foreach (var (item, place) in company)
        {
            place.CopyMeans(input[new ItemOrdinal(item)], output[new ItemOrdinal(item)]);
        }
    }

    private sealed class NewItem(int dimension)
    {
        private readonly float[] _input = new float[dimension];
        private readonly float[] _output = new float[dimension];
        private int _count;

        public void Add(ReadOnlySpan<float> input, ReadOnlySpan<float> output)
        {
            TensorPrimitives.Add(_input, input, _input);
            TensorPrimitives.Add(_output, output, _output);
            _count++;
        }

        public void CopyMeans(Span<float> input, Span<float> output)
        {
            TensorPrimitives.Divide(_input, _count, input);
            TensorPrimitives.Divide(_output, _count, output);
        }
    }
}
