using System.Runtime.CompilerServices;

namespace EmbeddingGrpc.Training;

/// <summary>One thread's way through its blocks, center by center. Several workers train the same matrices at once.</summary>
internal abstract class TrainingWorker : IDisposable
{
    // The loss is measured on one center in this many: enough for a curve, too few to cost speed.
    private const int LossInterval = 64;

    private readonly TrainingOptions _options;

    protected TrainingWorker(TrainingCorpus corpus, TrainingOptions options, Subsampler subsampler)
    {
        _options = options;
        Words = new BlockWords(corpus, subsampler);
        Window = new Window(options);
    }

    /// <summary>What is not to be learned; null for nothing.</summary>
    public ValidationSlice? HeldOut
    {
        get => Words.HeldOut;
        set => Words.HeldOut = value;
    }

    protected BlockWords Words { get; }

    protected Window Window { get; }

    public abstract void Dispose();

    /// <summary>Trains on one block and adds what it saw to <paramref name="tally"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Train(in TrainingBlock block, TrainingTally tally)
    {
        var random = RandomSource.For(_options.Seed, (ulong)block.Number);
        tally.Words += Words.Read(block, ref random);
        var items = Words.Items;
        if (items.IsEmpty)
        {
            return;
        }

        Begin(ref random);
        Prepare(0, ref random);
        int start = 0;
        for (int session = 0; session < Words.SessionCount; session++)
        {
            int end = Words.EndOf(session);
            for (int center = start; center < end; center++)
            {
                Advance();
                if (center + 1 < items.Length)
                {
                    Prepare(center + 1, ref random);
                }

                bool measure = tally.Centers++ % LossInterval == 0;
                var (first, windowEnd) = Window.Around(center, start, end, ref random);
                double loss = TrainCenter(center, first, windowEnd, block.LearningRate, measure);
                if (measure && !double.IsNaN(loss))
                {
                    tally.AddLoss(loss);
                }
            }

            start = end;
        }
    }

    /// <summary>Begins a block.</summary>
    protected abstract void Begin(ref RandomSource random);

    /// <summary>Chooses what a coming center needs and asks for it to be brought into the cache.</summary>
    protected abstract void Prepare(int center, ref RandomSource random);

    /// <summary>Makes what was prepared last the present center's.</summary>
    protected abstract void Advance();

    /// <summary>Trains the center on the window [first, end). Returns the mean loss before the step if <paramref name="measure"/>, NaN if there was nothing to measure.</summary>
    protected abstract double TrainCenter(int center, int first, int end, float rate, bool measure);
}
