namespace EmbeddingGrpc.Training.Tests.Objectives;

/// <summary>
/// All objectives in double precision, written down as they are defined, for a fixed window: the oracle of the workers. A step moves along
/// the negative gradient of <see cref="Loss"/>, both matrices from their values before it.
/// </summary>
internal sealed class ReferenceTrainer(TrainingOptions options, double[][] input, double[][] output)
{
    public double[][] Input => input;

    public double[][] Output => output;

    /// <summary>The output rows and labels of a center: the center and its negatives, or the nodes on the way to it.</summary>
    public required Func<int, (int Row, double Label)[]> TargetsOf { get; init; }

    private bool IsCbow => options.Objective is TrainingObjective.CbowNegativeSampling or TrainingObjective.CbowHierarchicalSoftmax;

    /// <summary>Trains every center of a session in order.</summary>
    public void Train(int[] session)
    {
        for (int center = 0; center < session.Length; center++)
        {
            var contexts = ContextsOf(session, center);
            if (contexts.Length > 0)
            {
                foreach (var part in Parts(contexts))
                {
                    Step(session[center], part);
                }
            }
        }
    }

    /// <summary>What lies around a center, with the weight of its pair.</summary>
    public (int Item, double Weight)[] ContextsOf(int[] session, int center) =>
    [
        .. Enumerable.Range(center - options.Window, (2 * options.Window) + 1)
            .Where(at => at >= 0 && at < session.Length && at != center)
            .Select(at => (session[at], Math.Abs(WeightOf(at, center))))
            .Where(context => context.Item2 > 0),
    ];

    /// <summary>The contexts that are trained in one step.</summary>
    public IEnumerable<(int Item, double Weight)[]> Parts((int Item, double Weight)[] contexts) =>
        options.Objective == TrainingObjective.SkipGramFullSoftmax && options.LabelTreatment == LabelTreatment.OneHotPairs
            ? contexts.Select(context => new[] { context })
            : [contexts];

    /// <summary>What a step descends.</summary>
    public double Loss(int center, (int Item, double Weight)[] contexts)
    {
        double total = contexts.Sum(context => context.Weight);
        if (options.Objective == TrainingObjective.SkipGramFullSoftmax)
        {
            double[] scores = [.. output.Select(row => Dot(input[center], row))];
            double logSum = Math.Log(scores.Sum(Math.Exp));
            double scale = options.LabelTreatment == LabelTreatment.MultiHot ? 1 / total : 1;
            return contexts.Sum(context => scale * context.Weight * (logSum - scores[context.Item]));
        }

        return IsCbow
            ? TargetsOf(center).Sum(target => LogisticLoss(Dot(Mean(contexts), output[target.Row]), target.Label))
            : contexts.Sum(context => TargetsOf(center).Sum(target => context.Weight * LogisticLoss(Dot(input[context.Item], output[target.Row]), target.Label)));
    }

    /// <summary>One step at the options' rate.</summary>
    public void Step(int center, (int Item, double Weight)[] contexts)
    {
        Decay(center, contexts);
        var (inputGradient, outputGradient) = Gradient(center, contexts);

        // word2vec hands every context of a mean the mean's whole gradient instead of its share.
        double inputRate = options.LearningRate * (IsCbow ? contexts.Length : 1);
        Move(input, inputGradient, inputRate);
        Move(output, outputGradient, options.LearningRate);
    }

    /// <summary>The gradient of <see cref="Loss"/> in both matrices.</summary>
    public (double[][] Input, double[][] Output) Gradient(int center, (int Item, double Weight)[] contexts)
    {
        var dInput = Zeros(input);
        var dOutput = Zeros(output);
        double total = contexts.Sum(context => context.Weight);
        if (options.Objective == TrainingObjective.SkipGramFullSoftmax)
        {
            double[] scores = [.. output.Select(row => Math.Exp(Dot(input[center], row)))];
            double sum = scores.Sum();
            double scale = options.LabelTreatment == LabelTreatment.MultiHot ? 1 / total : 1;
            for (int item = 0; item < output.Length; item++)
            {
                double error = contexts.Sum(context => scale * context.Weight * ((scores[item] / sum) - (context.Item == item ? 1 : 0)));
                Add(dInput[center], output[item], error);
                Add(dOutput[item], input[center], error);
            }

            return (dInput, dOutput);
        }

        foreach (var (row, label) in TargetsOf(center))
        {
            if (IsCbow)
            {
                double[] mean = Mean(contexts);
                double error = Sigmoid(Dot(mean, output[row])) - label;
                Add(dOutput[row], mean, error);
                foreach (var (item, weight) in contexts)
                {
                    Add(dInput[item], output[row], error * weight / total);
                }
            }
            else
            {
                foreach (var (item, weight) in contexts)
                {
                    double error = weight * (Sigmoid(Dot(input[item], output[row])) - label);
                    Add(dInput[item], output[row], error);
                    Add(dOutput[row], input[item], error);
                }
            }
        }

        return (dInput, dOutput);
    }

    /// <summary>Before a step, not within it: the rows shrink as the decay of weights says.</summary>
    private void Decay(int center, (int Item, double Weight)[] contexts)
    {
        if (options.Objective is not (TrainingObjective.SkipGramNegativeSampling or TrainingObjective.CbowNegativeSampling))
        {
            return;
        }

        double decay = options.LearningRate * options.WeightDecay;
        foreach (var (item, weight) in contexts)
        {
            Add(input[item], input[item], -decay * weight);
        }

        Add(output[center], output[center], -decay);
    }

    // In a sampled objective the context is the input of the pair, in a full softmax the center: whichever comes after what it predicts weighs less.
    private double WeightOf(int context, int center) =>
        (options.Objective == TrainingObjective.SkipGramFullSoftmax ? context < center : context > center) ? options.BackwardWeight : 1;

    private double[] Mean((int Item, double Weight)[] contexts)
    {
        var mean = new double[input[0].Length];
        foreach (var (item, weight) in contexts)
        {
            Add(mean, input[item], weight / contexts.Sum(context => context.Weight));
        }

        return mean;
    }

    private static double Sigmoid(double score) => 1 / (1 + Math.Exp(-score));

    private static double LogisticLoss(double score, double label) => Math.Log(1 + Math.Exp(score)) - (label * score);

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    private static double[][] Zeros(double[][] like) => [.. like.Select(row => new double[row.Length])];

    private static void Move(double[][] rows, double[][] gradient, double rate)
    {
        for (int row = 0; row < rows.Length; row++)
        {
            Add(rows[row], gradient[row], -rate);
        }
    }

    private static void Add(double[] row, double[] change, double factor)
    {
        for (int k = 0; k < row.Length; k++)
        {
            row[k] += factor * change[k];
        }
    }
}
