using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training;

/// <summary>
/// One thread's skip-gram with negative sampling: the contexts of a center, as input rows, against the center and one set of negatives that
/// they share, as output rows. Not thread-safe; several workers train the same matrices at once.
/// </summary>
internal sealed class SkipGramWorker : IDisposable
{
    // A wider window goes in groups of this many contexts, one step each, all against the center's one set of negatives.
    private const int GroupContexts = 32;

    // The loss is measured on one center in this many: enough for a curve, too few to cost speed.
    private const int LossInterval = 64;

    private const int MaximumRedraws = 8;

    private readonly TrainingOptions _options;
    private readonly TrainingCorpus _corpus;
    private readonly NoiseSampler _noise;
    private readonly Subsampler _subsampler;
    private readonly PairBlock _pairs;
    private readonly int[] _inputs = new int[GroupContexts];
    private readonly float[] _rates = new float[GroupContexts];
    private readonly float[] _labels;
    private int[] _words = new int[1024];
    private int[] _sessionEnds = new int[64];

    // Two centers' outputs, [center, negatives]: the one being trained and the next, whose rows are on their way to the cache.
    private int[] _outputs;
    private int[] _nextOutputs;

    public SkipGramWorker(TrainingCorpus corpus, TrainingOptions options, NoiseSampler noise, Subsampler subsampler, EmbeddingMatrix input, EmbeddingMatrix output)
    {
        _corpus = corpus;
        _options = options;
        _noise = noise;
        _subsampler = subsampler;
        _outputs = new int[1 + options.NegativeSamples];
        _nextOutputs = new int[_outputs.Length];
        _labels = new float[_outputs.Length];
        _labels[0] = 1;
        _pairs = new PairBlock(input, output, GroupContexts, _outputs.Length);
    }

    public void Dispose() => _pairs.Dispose();

    /// <summary>Trains on one block and adds what it saw to <paramref name="tally"/>.</summary>
    public void Train(in TrainingBlock block, TrainingTally tally)
    {
        var random = RandomSource.For(_options.Seed, (ulong)block.Number);
        int sessions = Collect(block, ref random, tally);
        int total = sessions == 0 ? 0 : _sessionEnds[sessions - 1];
        if (total > 0)
        {
            DrawOutputs(_nextOutputs, _words[0], ref random);
        }

        int start = 0;
        for (int session = 0; session < sessions; session++)
        {
            int end = _sessionEnds[session];
            for (int center = start; center < end; center++)
            {
                (_outputs, _nextOutputs) = (_nextOutputs, _outputs);
                if (center + 1 < total)
                {
                    DrawOutputs(_nextOutputs, _words[center + 1], ref random);
                    _pairs.PrefetchInput(_words[Math.Min(center + 1 + _options.Window, total - 1)]);
                }

                TrainCenter(center, start, end, block.LearningRate, ref random, tally);
            }

            start = end;
        }
    }

    /// <summary>Copies the block's items that subsampling leaves into <c>_words</c>, sessions end to end. Returns the number of sessions.</summary>
    private int Collect(in TrainingBlock block, ref RandomSource random, TrainingTally tally)
    {
        int words = 0, sessions = 0;
        for (int index = block.FirstSession; index < block.EndSession; index++)
        {
            var session = _corpus.Session(index);
            tally.Words += session.Length;
            if (words + session.Length > _words.Length)
            {
                Array.Resize(ref _words, Math.Max(words + session.Length, _words.Length * 2));
            }

            if (sessions == _sessionEnds.Length)
            {
                Array.Resize(ref _sessionEnds, sessions * 2);
            }

            int kept = _subsampler.Apply(session, ref random, _words.AsSpan(words));
            if (kept > 1)
            {
                words += kept;
                _sessionEnds[sessions++] = words;
            }
        }

        return sessions;
    }

    private void DrawOutputs(int[] outputs, int center, ref RandomSource random)
    {
        outputs[0] = center;
        _pairs.PrefetchOutput(center);
        for (int i = 1; i < outputs.Length; i++)
        {
            int negative = _noise.Draw(ref random);

            // An item must not be taught at once that it follows and that it does not; a tiny vocabulary may leave no choice.
            for (int redraw = 0; negative == center && redraw < MaximumRedraws; redraw++)
            {
                negative = _noise.Draw(ref random);
            }

            outputs[i] = negative;
            _pairs.PrefetchOutput(negative);
        }
    }

    private void TrainCenter(int center, int start, int end, float rate, ref RandomSource random, TrainingTally tally)
    {
        int reach = _options.WindowMode switch
        {
            WindowMode.Shrinking => 1 + random.Next(_options.Window),
            WindowMode.Fixed => _options.Window,
            _ => end - start,
        };
        int first = Math.Max(start, center - reach);
        int last = Math.Min(end - 1, center + reach);
        float backward = rate * (float)_options.BackwardWeight;
        int count = 0;
        for (int context = first; context <= last; context++)
        {
            if (context != center)
            {
                count = AddInput(count, _words[context], context < center ? rate : backward);
            }

            if (count == GroupContexts || (context == last && count > 0))
            {
                Step(_inputs.AsSpan(0, count), _rates.AsSpan(0, count), tally);
                count = 0;
            }
        }
    }

    /// <summary>An item that stands twice in a window is one row with both weights.</summary>
    private int AddInput(int count, int item, float rate)
    {
        int at = _inputs.AsSpan(0, count).IndexOf(item);
        if (at >= 0)
        {
            _rates[at] += rate;
            return count;
        }

        _inputs[count] = item;
        _rates[count] = rate;
        return count + 1;
    }

    private void Step(ReadOnlySpan<int> inputs, ReadOnlySpan<float> rates, TrainingTally tally)
    {
        if (tally.Steps++ % LossInterval == 0)
        {
            tally.AddLoss(_pairs.Loss(inputs, _outputs, _labels));
        }

        _pairs.Step(inputs, rates, _outputs, _labels);
    }
}
