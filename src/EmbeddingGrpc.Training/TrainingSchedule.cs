namespace EmbeddingGrpc.Training;

/// <summary>
/// The work of a training, cut into numbered blocks of whole sessions: in every epoch all of them, in another order, with a learning rate
/// that falls from block to block. A block's number decides everything about it but the rows it finds, whichever thread takes it. Blocks
/// are taken with one interlocked increment.
/// </summary>
internal sealed class TrainingSchedule
{
    private const int MaximumBlockWords = 10_000;
    private const int MinimumBlockWords = 256;

    // The rate never reaches zero: word2vec's floor.
    private const double RateFloor = 1e-4;

    private readonly TrainingOptions _options;
    private readonly int[] _firstSession;
    private long _taken;

    public TrainingSchedule(TrainingCorpus corpus, TrainingOptions options, int threads)
    {
        _options = options;

        // Small enough that threads end together, large enough that taking a block costs nothing.
        long blockWords = Math.Clamp(corpus.WordCount / (16L * threads), MinimumBlockWords, MaximumBlockWords);
        var starts = new List<int> { 0 };
        long words = 0;
        for (int session = 0; session < corpus.SessionCount; session++)
        {
            words += corpus.Session(session).Length;
            if (words >= blockWords || session == corpus.SessionCount - 1)
            {
                starts.Add(session + 1);
                words = 0;
            }
        }

        _firstSession = [.. starts];
    }

    /// <summary>Blocks of all epochs.</summary>
    public long BlockCount => (long)BlocksOfEpoch * _options.Epochs;

    private int BlocksOfEpoch => _firstSession.Length - 1;

    /// <summary>Takes the next block.</summary>
    public bool TryTake(out TrainingBlock block)
    {
        long number = Interlocked.Increment(ref _taken) - 1;
        if (number >= BlockCount)
        {
            block = default;
            return false;
        }

        int epoch = (int)(number / BlocksOfEpoch);
        int place = Permute((int)(number % BlocksOfEpoch), epoch);
        double left = 1 - ((double)number / BlockCount);
        block = new TrainingBlock(
            number, epoch, _firstSession[place], _firstSession[place + 1], (float)(_options.LearningRate * Math.Max(RateFloor, left)));
        return true;
    }

    /// <summary>Walks the blocks in steps that share no divisor with their number: each once, neighbours apart, another order every epoch.</summary>
    private int Permute(int index, int epoch)
    {
        var random = RandomSource.For(_options.Seed, ulong.MaxValue - (ulong)epoch);
        int start = random.Next(BlocksOfEpoch);
        int step = 1 + random.Next(BlocksOfEpoch);
        while (GreatestCommonDivisor(step, BlocksOfEpoch) != 1)
        {
            step++;
        }

        return (int)((start + ((long)index * step)) % BlocksOfEpoch);
    }

    private static int GreatestCommonDivisor(int a, int b)
    {
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }

        return a;
    }
}
