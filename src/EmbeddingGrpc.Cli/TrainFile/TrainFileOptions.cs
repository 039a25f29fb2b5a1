using System.CommandLine;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Numerics;
using System.Reflection;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Cli.TrainFile;

/// <summary>The options of a training, with the bounds that the trainer itself has. What is not given comes from the preset.</summary>
internal sealed class TrainFileOptions
{
    private static readonly Dictionary<string, TrainingObjective> Objectives = new(StringComparer.Ordinal)
    {
        ["sg-ns"] = TrainingObjective.SkipGramNegativeSampling,
        ["cbow-ns"] = TrainingObjective.CbowNegativeSampling,
        ["sg-hs"] = TrainingObjective.SkipGramHierarchicalSoftmax,
        ["cbow-hs"] = TrainingObjective.CbowHierarchicalSoftmax,
        ["sg-softmax"] = TrainingObjective.SkipGramFullSoftmax,
    };

    private readonly Option<string> _preset = Choice(
        "--preset", "recommendation: many negatives of a flat distribution, direction, no subsampling. word2vec: the word2vec program's defaults, for text.", "recommendation", "word2vec");

    private readonly Option<string> _objective = Choice(
        "--objective", "Skip-gram (sg) or continuous bag of words (cbow), with negative sampling (ns) or a hierarchical softmax (hs). sg-softmax: a full softmax, for small vocabularies.", [.. Objectives.Keys]);

    private readonly Option<string> _windowMode = Choice(
        "--window-mode", "shrinking: a random part of the window for each item. fixed: all of it. session: the whole line.", "shrinking", "fixed", "session");

    private readonly Option<int?> _dimension = Number<int>("--dimension", "N", "Values of a vector.", nameof(TrainingOptions.Dimension));
    private readonly Option<int?> _window = Number<int>("--window", "N", "Context items on each side.", nameof(TrainingOptions.Window));
    private readonly Option<int?> _negative = Number<int>("--negative", "N", "Negative samples that the contexts of an item share.", nameof(TrainingOptions.NegativeSamples));
    private readonly Option<double?> _noiseExponent = Number<double>("--noise-exponent", "X", "Negatives are drawn by count to this power; 0: all alike, below 0: rare ones first.", nameof(TrainingOptions.NoiseExponent));
    private readonly Option<string> _noise = Choice("--noise", "What negatives are drawn by. count: by count, see --noise-exponent. log-uniform: by rank, nearly Zipf's law whatever the counts are.", "count", "log-uniform");
    private readonly Option<double?> _sample = Number<double>("--sample", "X", "Subsampling threshold of frequent items; 0: none.", nameof(TrainingOptions.Subsample));
    private readonly Option<int?> _minimumCount = Number<int>("--min-count", "N", "Rarer items are left out.", nameof(TrainingOptions.MinimumCount));
    private readonly Option<int?> _maximumVocabulary = Number<int>("--max-vocabulary", "N", "Items with vectors of their own; rarer ones share rows by hashing. 0: all.", nameof(TrainingOptions.MaximumVocabulary));
    private readonly Option<int?> _sharedRows = Number<int>("--shared-rows", "N", "Rows that the items beyond --max-vocabulary share; 0: a quarter of it.", nameof(TrainingOptions.SharedRows));
    private readonly Option<string> _labels = Choice("--labels", "Contexts of an item in sg-softmax. multi-hot: one target. one-hot: a step for each.", "multi-hot", "one-hot");
    private readonly Option<double?> _weightDecay = Number<double>("--weight-decay", "X", "Each pair shrinks its vectors by this times the learning rate: what is not said again is forgotten; 0: not.", nameof(TrainingOptions.WeightDecay));
    private readonly Option<double?> _smoothing = Number<double>("--smoothing", "X", "At the end vectors turn toward those of the items next to theirs, by this share; 0: not.", nameof(TrainingOptions.Smoothing));
    private readonly Option<int?> _epochs = Number<int>("--epochs", "N", "Passes over the file.", nameof(TrainingOptions.Epochs));
    private readonly Option<string> _earlyStopping = Choice("--early-stopping", "on: hold out the last items of some lines, and train with fewer epochs where more do harm.", "on", "off");
    private readonly Option<double?> _alpha = Number<double>("--alpha", "X", "Learning rate at the start.", nameof(TrainingOptions.LearningRate));
    private readonly Option<string> _schedule = Choice("--schedule", "How the learning rate falls to almost nothing at the end.", "linear", "cosine", "constant");
    private readonly Option<double?> _initialScale = Number<double>("--initial-scale", "X", "Vectors start at random within this divided by the dimension.", nameof(TrainingOptions.InitialScale));
    private readonly Option<double?> _backwardWeight = Number<double>("--backward-weight", "X", "Weight of a pair whose input comes after the item that it predicts; 1: no direction.", nameof(TrainingOptions.BackwardWeight));
    private readonly Option<double?> _maximumSeconds = Number<double>("--max-seconds", "S", "Training time at most: epochs, dimension and history are traded for it, and the result says what was.", nameof(TrainingOptions.MaximumSeconds));
    private readonly Option<int?> _threads = Number<int>("--threads", "N", "0: one for each processor. Only one thread is reproducible.", nameof(TrainingOptions.Threads));
    private readonly Option<ulong?> _seed = new Option<ulong?>("--seed") { Description = "Seed of every random choice.", HelpName = "N" }.AcceptOnlyRange(0UL, ulong.MaxValue);

    /// <summary>Adds all of them.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new Option[]
        {
            _preset, _objective, _labels, _dimension, _window, _windowMode, _negative, _noise, _noiseExponent, _sample, _backwardWeight, _minimumCount,
            _maximumVocabulary, _sharedRows, _epochs, _earlyStopping, _alpha, _schedule, _initialScale, _weightDecay, _smoothing, _maximumSeconds, _threads, _seed,
        })
        {
            command.Add(option);
        }
    }

    /// <summary>The trainer's options.</summary>
    public TrainingOptions Read(ParseResult arguments)
    {
        var preset = TrainingOptions.Of(arguments.GetValue(_preset) == "word2vec" ? TrainingPreset.Word2vec : TrainingPreset.Recommendation);
        return preset with
        {
            Objective = arguments.GetValue(_objective) is { } objective ? Objectives[objective] : preset.Objective,
            WindowMode = arguments.GetValue(_windowMode) is { } mode ? Enum.Parse<WindowMode>(mode, ignoreCase: true) : preset.WindowMode,
            Dimension = arguments.GetValue(_dimension) ?? preset.Dimension,
            Window = arguments.GetValue(_window) ?? preset.Window,
            NegativeSamples = arguments.GetValue(_negative) ?? preset.NegativeSamples,
            Noise = arguments.GetValue(_noise) is { } noise ? (noise == "count" ? NoiseDistribution.PowerOfCount : NoiseDistribution.LogUniform) : preset.Noise,
            NoiseExponent = arguments.GetValue(_noiseExponent) ?? preset.NoiseExponent,
            Subsample = arguments.GetValue(_sample) ?? preset.Subsample,
            MinimumCount = arguments.GetValue(_minimumCount) ?? preset.MinimumCount,
            MaximumVocabulary = arguments.GetValue(_maximumVocabulary) ?? preset.MaximumVocabulary,
            SharedRows = arguments.GetValue(_sharedRows) ?? preset.SharedRows,
            LabelTreatment = arguments.GetValue(_labels) is { } labels ? (labels == "multi-hot" ? LabelTreatment.MultiHot : LabelTreatment.OneHotPairs) : preset.LabelTreatment,
            WeightDecay = arguments.GetValue(_weightDecay) ?? preset.WeightDecay,
            Smoothing = arguments.GetValue(_smoothing) ?? preset.Smoothing,
            Epochs = arguments.GetValue(_epochs) ?? preset.Epochs,
            EarlyStopping = arguments.GetValue(_earlyStopping) is { } stopping ? stopping == "on" : preset.EarlyStopping,
            LearningRate = arguments.GetValue(_alpha) ?? preset.LearningRate,
            LearningRateSchedule = arguments.GetValue(_schedule) is { } schedule ? Enum.Parse<LearningRateSchedule>(schedule, ignoreCase: true) : preset.LearningRateSchedule,
            InitialScale = arguments.GetValue(_initialScale) ?? preset.InitialScale,
            BackwardWeight = arguments.GetValue(_backwardWeight) ?? preset.BackwardWeight,
            MaximumSeconds = arguments.GetValue(_maximumSeconds) ?? preset.MaximumSeconds,
            Threads = arguments.GetValue(_threads) ?? preset.Threads,
            Seed = arguments.GetValue(_seed) ?? preset.Seed,
        };
    }

    private static Option<string> Choice(string name, string description, params string[] values)
    {
        var option = new Option<string>(name) { Description = description, HelpName = string.Join('|', values) };
        option.AcceptOnlyWords(values);
        return option;
    }

    /// <summary>A number with the bounds of the trainer's option.</summary>
    private static Option<T?> Number<T>(string name, string helpName, string description, string property)
        where T : struct, INumber<T>
    {
        var range = typeof(TrainingOptions).GetProperty(property)!.GetCustomAttribute<RangeAttribute>()!;
        return new Option<T?>(name) { Description = description, HelpName = helpName }.AcceptOnlyRange(Bound(range.Minimum), Bound(range.Maximum));

        static T Bound(object bound) => T.CreateChecked(Convert.ToDouble(bound, CultureInfo.InvariantCulture));
    }
}
