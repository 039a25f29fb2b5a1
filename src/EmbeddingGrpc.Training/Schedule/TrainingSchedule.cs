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
    private readonly TimeSpan _timeLimit;
    private readonly int[] _firstSession;
    private readonly TimeProvider _time;
    private readonly long _started;
    private long _taken;

    /// <param name="corpus">What is trained on.</param>
    /// <param name="options">Learning rate and seed.</param>
    /// <param name="threads">Threads that will take blocks.</param>
    /// <param name="epochs">Passes over the corpus; a part of one takes a part of the blocks.</param>
    /// <param name="timeLimit">After this no block but the first is given, and the rate falls with the clock if it is ahead of the blocks.</param>
    /// <param name="time">The clock; null is the system's.</param>
    public TrainingSchedule(
        TrainingCorpus corpus, TrainingOptions options, int threads, double epochs, TimeSpan timeLimit, TimeProvider? time = null)
    {
        _options = options;
        _timeLimit = timeLimit;
        _time = time ?? TimeProvider.System;
        _started = _time.GetTimestamp();

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
        BlockCount = Math.Max(1, (long)Math.Ceiling(BlocksOfEpoch * epochs));
    }

    /// <summary>Blocks of the whole training.</summary>
    public long BlockCount { get; }

    /// <summary>How far it is, 0..1: by the blocks taken, or by the clock where that is ahead.</summary>
    public double Done => Math.Min(1, Math.Max(Clock, (double)Volatile.Read(ref _taken) / BlockCount));

    /// <summary>Whether all blocks were taken, or the time is up.</summary>
    public bool HasEnded => Volatile.Read(ref _taken) >= BlockCount || Clock >= 1;

    /// <summary>Where to pause: from this block on none is given until it is moved on.</summary>
    public long PauseAt { get; set; } = long.MaxValue;

    private double Clock => _timeLimit == Timeout.InfiniteTimeSpan ? 0 : _time.GetElapsedTime(_started) / _timeLimit;

    private int BlocksOfEpoch => _firstSession.Length - 1;

    /// <summary>Takes the next block.</summary>
    public bool TryTake(out TrainingBlock block)
    {
        block = default;
        double clock = Clock;
        long number = Interlocked.Increment(ref _taken) - 1;
        if (number >= BlockCount || number >= PauseAt || (clock >= 1 && number > 0))
        {
            // Given back, or every thread that comes to a pause would take a block away.
            Interlocked.Decrement(ref _taken);
            return false;
        }

        int epoch = (int)(number / BlocksOfEpoch);
        int place = Permute((int)(number % BlocksOfEpoch), epoch);
        block = new TrainingBlock(
            number, epoch, _firstSession[place], _firstSession[place + 1], (float)RateAt(Math.Min(1, Math.Max(clock, (double)number / BlockCount))));
        return true;
    }

    private double RateAt(double done) => _options.LearningRate * Math.Max(RateFloor, _options.LearningRateSchedule switch
    {
        LearningRateSchedule.Cosine => 0.5 * (1 + Math.Cos(Math.PI * done)),
        LearningRateSchedule.Constant => 1,
        _ => 1 - done,
    });

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
