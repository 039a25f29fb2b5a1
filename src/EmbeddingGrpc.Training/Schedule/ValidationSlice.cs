using System.Collections;
using System.Numerics.Tensors;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training;

/// <summary>
/// The last items of some sessions, which a training does not see and is asked for on its way: so it is known when more of it does harm. Immutable; the same
/// for the same corpus and seed.
/// </summary>
internal sealed class ValidationSlice
{
    /// <summary>With fewer questions a change cannot be told from chance, and a smaller corpus trains in a moment anyway.</summary>
    public const int Queries = 500;

    // One session in so many at most: what it costs to leave their last items out must not show.
    private const int SessionsOfEach = 4;
    private const int ShortestSession = 3;

    // As a recall asks.
    private const int HistoryItems = 50;
    private const double RecencyExponent = 1.25;

    private readonly TrainingCorpus _corpus;
    private readonly int[] _sessions;
    private readonly BitArray _isHeldOut;

    private ValidationSlice(TrainingCorpus corpus, int[] sessions)
    {
        _corpus = corpus;
        _sessions = sessions;
        _isHeldOut = new BitArray(corpus.SessionCount);
        foreach (int session in sessions)
        {
            _isHeldOut[session] = true;
        }
    }

    /// <summary>Draws a slice.</summary>
    /// <returns>Null where the corpus is too small for one.</returns>
    public static ValidationSlice? Of(TrainingCorpus corpus, ulong seed)
    {
        int candidates = 0;
        var drawn = new int[Queries];
        var random = RandomSource.For(seed, ulong.MaxValue / 3);
        for (int index = 0; index < corpus.SessionCount; index++)
        {
            var session = corpus.Session(index);
            if (session.Length < ShortestSession || session[..^1].Contains(session[^1]))
            {
                continue;
            }

            // Reservoir sampling (Vitter 1985, algorithm R).
            int place = candidates < Queries ? candidates : random.Next(candidates + 1);
            if (place < Queries)
            {
                drawn[place] = index;
            }

            candidates++;
        }

        return candidates < Queries * SessionsOfEach ? null : new ValidationSlice(corpus, drawn);
    }

    /// <summary>What of a session is learned.</summary>
    public ReadOnlySpan<int> Learned(int index, ReadOnlySpan<int> session) => _isHeldOut[index] ? session[..^1] : session;

    /// <summary>
    /// How well the held-out items are found, 0..1: the mean of <c>1 / log2(rank + 1)</c>, which moves with every place and so tells more from few questions
    /// than a hit rate does.
    /// </summary>
    /// <param name="input">W1, a row an item.</param>
    /// <param name="output">W2, a row an item.</param>
    /// <param name="threads">Threads to use.</param>
    /// <param name="niceness">Theirs.</param>
    public double Score(EmbeddingMatrix input, EmbeddingMatrix output, int threads, int niceness)
    {
        var gains = new double[_sessions.Length];
        DedicatedThreads.Run(threads, niceness, "validation", thread =>
        {
            var query = new float[input.Dimension];
            for (int number = thread; number < gains.Length; number += threads)
            {
                gains[number] = 1 / Math.Log2(RankOf(_corpus.Session(_sessions[number]), input, output, query) + 1);
            }
        });
        return gains.Average();
    }

    private static int RankOf(ReadOnlySpan<int> session, EmbeddingMatrix input, EmbeddingMatrix output, float[] query)
    {
        var history = session[..^1];
        query.AsSpan().Clear();
        for (int age = 0; age < Math.Min(HistoryItems, history.Length); age++)
        {
            ReadOnlySpan<float> row = input[new ItemOrdinal(history[^(age + 1)])];
            float length = TensorPrimitives.Norm(row);
            if (length > 0)
            {
                TensorPrimitives.MultiplyAdd(row, (float)Math.Pow(age + 1, -RecencyExponent) / length, query, query);
            }
        }

        float least = TensorPrimitives.Dot<float>(query, output[new ItemOrdinal(session[^1])]);
        int rank = 1;
        for (int item = 0; item < output.Rows; item++)
        {
            if (TensorPrimitives.Dot<float>(query, output[new ItemOrdinal(item)]) > least && !history.Contains(item))
            {
                rank++;
            }
        }

        return rank;
    }
}
