using System.Numerics.Tensors;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training;

/// <summary>
/// One thread's skip-gram with a softmax over all items: the reference that sampling approximates. The center is the input and its
/// contexts are predicted, so that both treatments of several labels have a meaning. Several workers train the same matrices at once.
/// </summary>
internal sealed class FullSoftmaxWorker(
    TrainingCorpus corpus, TrainingOptions options, Subsampler subsampler, EmbeddingMatrix input, EmbeddingMatrix output)
    : TrainingWorker(corpus, options, subsampler)
{
    /// <summary>Above this a step, which visits every item, is too slow to be meant.</summary>
    public const int MaximumItems = 50_000;

    private readonly float[] _scores = new float[output.Rows];
    private readonly float[] _change = new float[input.Dimension];
    private readonly List<(int Item, float Weight)> _labels = [];
    private readonly float _backwardWeight = (float)options.BackwardWeight;
    private readonly LabelTreatment _treatment = options.LabelTreatment;

    public override void Dispose()
    {
    }

    protected override void Begin(ref RandomSource random)
    {
    }

    protected override void Prepare(int center, ref RandomSource random)
    {
    }

    protected override void Advance()
    {
    }

    protected override double TrainCenter(int center, int first, int end, float rate, bool measure)
    {
        var items = Words.Items;
        _labels.Clear();
        for (int context = first; context < end; context++)
        {
            // Here the center is the input: a context before it is an item that its input comes after.
            float weight = context == center ? 0 : (context > center ? 1 : _backwardWeight) * Words.RootWeight(context) * Words.RootWeight(center);
            if (weight > 0)
            {
                _labels.Add((items[context], weight));
            }
        }

        if (_labels.Count == 0)
        {
            return double.NaN;
        }

        return _treatment == LabelTreatment.MultiHot ? StepTogether(items[center], rate) : StepOneByOne(items[center], rate);
    }

    private double StepTogether(int center, float rate)
    {
        float sum = _labels.Sum(label => label.Weight);
        Predict(center);
        double loss = 0;
        foreach (var (item, weight) in _labels)
        {
            loss -= weight / sum * Math.Log(_scores[item]);
        }

        TensorPrimitives.Negate(_scores, _scores);
        foreach (var (item, weight) in _labels)
        {
            _scores[item] += weight / sum;
        }

        Descend(center, rate);
        return loss;
    }

    private double StepOneByOne(int center, float rate)
    {
        double loss = 0;
        foreach (var (item, weight) in _labels)
        {
            Predict(center);
            loss -= Math.Log(_scores[item]);
            TensorPrimitives.Negate(_scores, _scores);
            _scores[item] += 1;
            Descend(center, rate * weight);
        }

        return loss / _labels.Count;
    }

    /// <summary>Leaves the probability of every item in <c>_scores</c>.</summary>
    private void Predict(int center)
    {
        ReadOnlySpan<float> row = input[new ItemOrdinal(center)];
        for (int item = 0; item < _scores.Length; item++)
        {
            _scores[item] = TensorPrimitives.Dot(row, output[new ItemOrdinal(item)]);
        }

        TensorPrimitives.Subtract(_scores, TensorPrimitives.Max(_scores), _scores);
        TensorPrimitives.Exp(_scores, _scores);
        TensorPrimitives.Divide(_scores, TensorPrimitives.Sum(_scores), _scores);
    }

    /// <summary>Moves along <c>target - probability</c>, which <c>_scores</c> holds.</summary>
    private void Descend(int center, float rate)
    {
        var row = input[new ItemOrdinal(center)];
        _change.AsSpan().Clear();
        for (int item = 0; item < _scores.Length; item++)
        {
            var target = output[new ItemOrdinal(item)];
            TensorPrimitives.MultiplyAdd(target, _scores[item], _change, _change);
            TensorPrimitives.MultiplyAdd(row, rate * _scores[item], target, target);
        }

        TensorPrimitives.MultiplyAdd(_change, rate, row, row);
    }
}
