using System.CommandLine;
using System.Diagnostics;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Evaluation;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Cli.TrainFile;
using EmbeddingGrpc.Training;
using EmbeddingGrpc.Training.Word2vec;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Trains embeddings on a file of sequences or of behaviour, without a daemon, and writes them in a word2vec format.</summary>
internal sealed class TrainFileCommand : EmbedCtlCommand
{
    private readonly Option<string> _input = new("--input") { Description = "Sequences of items, one a line, separated by spaces, in time order. Behaviour with times and types is read from FILE instead.", HelpName = "SEQUENCES" };
    private readonly Option<string> _output = new("--output") { Description = "Receives the item vectors (see --vector-source).", HelpName = "FILE", Required = true };
    private readonly Option<string> _outputContexts = new("--output-contexts") { Description = "Receives the context vectors (W2): query W1 and search W2 for what comes next.", HelpName = "FILE" };
    private readonly Option<string> _source = new Option<string>("--vector-source") { Description = "Which vectors --output receives. input: W1, for what is similar. output: W2. sum: W1 + W2.", HelpName = "input|output|sum" }
        .AcceptOnlyWords("input", "output", "sum");
    private readonly Option<bool> _binary = new("--binary") { Description = "Write word2vec's binary format instead of text." };
    private readonly Option<bool> _json = JsonOption.Create();
    private readonly SourceOptions _behaviour = new();
    private readonly Option<int> _sessionGapMinutes = SessionGapOption.Create();
    private readonly TypeWeightOption _typeWeights = new();
    private readonly TrainFileOptions _training = new();

    public TrainFileCommand(CommandConsole console)
        : base(
            console,
            "train-file",
            "Trains embeddings on a file of sequences (--input), or of behaviour as 'ingest' reads it (FILE with --format), without a daemon, and writes them in word2vec's "
            + "text or binary format, which gensim and others read.\n\n"
            + "The last line of output is JSON: words, seconds of training alone, words_per_second.",
            "embedctl train-file --input sessions.txt --output items.vec --output-contexts next.vec",
            "embedctl train-file --input text.txt --output words.vec --preset word2vec --objective cbow-ns --json",
            "embedctl train-file --input sessions.txt --output items.vec --max-seconds 60",
            "embedctl train-file --format csv --columns user=u,item=i,time=t,type=what events.csv --type-weight purchase=3 --output items.vec")
    {
        foreach (var option in new Option[] { _input, _output, _source, _outputContexts, _binary }) Add(option);
        _behaviour.AddOptionalTo(this);
        Add(_sessionGapMinutes);
        _typeWeights.AddTo(this, _behaviour);
        Validators.Add(result =>
        {
            if (result.GetResult(_input) is { Implicit: false } == _behaviour.IsGiven(result)) result.AddError("Give either --input SEQUENCES, or FILE and its --format.");
        });
        _training.AddTo(this);
        Add(_json);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var options = _training.Read(arguments);
        RefuseContradictions(arguments, options);
        if (arguments.GetValue(_input) is { } input && !File.Exists(input)) throw new CommandFailedException($"file not found: {input}");
        RefuseUnwritable(arguments.GetRequiredValue(_output));
        RefuseUnwritable(arguments.GetValue(_outputContexts));

        // The work is long and synchronous; the terminal's bars need the thread.
        var result = await ProgressDisplay.RunAsync(Terminal, display => Task.Run(() => Train(arguments, options, display, cancellationToken), cancellationToken));
        if (!arguments.GetValue(_json)) WriteText(result);
        Terminal.WriteJson(result);
        return ExitCode.Success;
    }

    /// <inheritdoc/>
    protected override string? Explain(Exception exception, ParseResult arguments) => exception switch
    {
        // A file that is not one of sequences, options that do not fit it, an id that the format cannot hold: said as they are.
        InvalidDataException or InvalidOperationException or ArgumentException => exception.Message,
        _ => base.Explain(exception, arguments),
    };

    private TrainFileDocument Train(ParseResult arguments, TrainingOptions options, ProgressDisplay display, CancellationToken cancellationToken)
    {
        // On another processor, while this one reads.
        var preparing = Task.Run(() => EmbeddingTrainer.Prepare(options), cancellationToken);
        var reading = Stopwatch.StartNew();
        var step = display.Begin("read");
        var corpus = ReadCorpus(arguments, options, step, cancellationToken);
        var read = reading.Elapsed;
        step.Done($"{corpus.WordCount:N0} interactions, {corpus.Vocabulary.Count:N0} items");

        preparing.Wait(cancellationToken);
        step = display.Begin("train");
        var progress = new InlineProgress<TrainingProgress>(
            report => step.Report(report.Fraction, $"{report.WordsPerSecond:N0} words/s, loss {report.Loss:0.0000}"));
        using var trained = EmbeddingTrainer.Train(corpus, options, progress, cancellationToken);
        step.Done($"{trained.WordsPerSecond:N0} words/s, loss {trained.FinalLoss:0.0000}");

        step = display.Begin("write");
        Write(arguments, SourceOf(arguments), arguments.GetRequiredValue(_output), corpus, trained, cancellationToken);
        if (arguments.GetValue(_outputContexts) is { } contexts) Write(arguments, VectorSource.Output, contexts, corpus, trained, cancellationToken);
        step.Done();
        return TrainFileDocument.Of(corpus, trained, read);
    }

    private TrainingCorpus ReadCorpus(ParseResult arguments, TrainingOptions options, ProgressStep step, CancellationToken cancellationToken)
    {
        if (arguments.GetValue(_input) is { } input)
            return SequenceFile.Read(input, options.MinimumCount, new InlineProgress<double>(fraction => step.Report(fraction)), cancellationToken);

        var sessions = new SessionBuilder(TimeSpan.FromMinutes(arguments.GetValue(_sessionGapMinutes)));
        SourceInteractions.Gather(_behaviour, arguments, _typeWeights.Read(arguments), Terminal, sessions, cancellationToken);
        return sessions.Build(options.MinimumCount, cancellationToken);
    }

    private void Write(
        ParseResult arguments, VectorSource source, string path, TrainingCorpus corpus, TrainedEmbeddings trained, CancellationToken cancellationToken)
    {
        VectorFileWriter.Write(path, arguments.GetValue(_binary) ? Word2vecFormat.Binary : Word2vecFormat.Text, corpus.Vocabulary, trained, source, cancellationToken);
    }

    private VectorSource SourceOf(ParseResult arguments) =>
        arguments.GetValue(_source) is { } source ? Enum.Parse<VectorSource>(source, ignoreCase: true) : VectorSource.Input;

    private void RefuseContradictions(ParseResult arguments, TrainingOptions options)
    {
        if (options.Objective.IsHierarchical() && arguments.GetValue(_outputContexts) is not null)
        {
            throw CommandFailedException.Usage("--output-contexts needs negative sampling: with a hierarchical softmax the context vectors belong to tree nodes, not items");
        }

        if (options.Objective.IsHierarchical() && SourceOf(arguments) != VectorSource.Input)
        {
            throw CommandFailedException.Usage(
                $"--vector-source {arguments.GetValue(_source)} needs negative sampling: with a hierarchical softmax W2 belongs to tree nodes, not items; use --vector-source input");
        }

        try
        {
            options.ThrowIfInvalid();
        }
        catch (ArgumentException e)
        {
            throw CommandFailedException.Usage(e.Message);
        }
    }

    /// <summary>Hours of training must not end at a directory that does not exist.</summary>
    private static void RefuseUnwritable(string? path)
    {
        if (path is null) return;
        if (Directory.Exists(path)) throw new CommandFailedException($"{path} is a directory; name a file in it");
        var directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!Directory.Exists(directory)) throw new CommandFailedException($"there is no directory {directory}");
    }

    private void WriteText(TrainFileDocument result)
    {
        Terminal.Output.WriteLine(
            $"{result.Items:N0} items x {result.Dimension}, {result.Words:N0} words in {result.Seconds:0.00} s: {result.WordsPerSecond:N0} words/s");
        if (result.BestEpochs is not null) Terminal.Output.WriteLine($"{result.BestEpochs} epochs: more made what was held out worse");
        if (result.RequestedEpochs is not null)
        {
            Terminal.Output.WriteLine(
                $"for the time limit: {result.Epochs:0.##} of {result.RequestedEpochs} epochs, dimension {result.Dimension} of {result.RequestedDimension}"
                + (result.GaveUpSmoothing is true ? ", no smoothing" : string.Empty));
        }
    }
}
