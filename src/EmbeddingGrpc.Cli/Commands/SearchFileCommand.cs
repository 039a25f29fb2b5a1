using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.SearchFile;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Builds an index over a file of vectors, without a daemon, and measures how well and how fast it is searched.</summary>
internal sealed class SearchFileCommand : EmbedCtlCommand
{
    private const int MostEf = 1 << 16;

    private static readonly Dictionary<string, SimilarityMetric> Metrics = new(StringComparer.Ordinal)
    {
        ["cosine"] = SimilarityMetric.Cosine,
        ["dot"] = SimilarityMetric.DotProduct,
        ["euclid"] = SimilarityMetric.Euclidean,
    };

    private readonly Option<string> _base = new("--base") { Description = "Vectors to be indexed: rows of raw little-endian 32-bit floats.", HelpName = "B.f32", Required = true };
    private readonly Option<string> _queries = new("--queries") { Description = "Vectors to be searched for, in the same form.", HelpName = "Q.f32", Required = true };
    private readonly Option<int> _dimension = new Option<int>("--dimension") { Description = "Floats of a vector.", HelpName = "D", Required = true }.AcceptOnlyRange(1, 65536);
    private readonly Option<string> _metric = new("--metric") { Description = "What near means.", HelpName = string.Join('|', Metrics.Keys), DefaultValueFactory = _ => "cosine" };
    private readonly Option<int> _k = new Option<int>("--k") { Description = "Neighbours wanted for every query.", HelpName = "N", DefaultValueFactory = _ => 10 }.AcceptOnlyRange(1, 10000);
    private readonly Option<int> _m = new Option<int>("--m") { Description = "Links of a node on the upper layers; twice as many on the lowest.", HelpName = "N", DefaultValueFactory = _ => new HnswOptions().M }.AcceptOnlyRange(2, 128);
    private readonly Option<int> _efConstruction = new Option<int>("--ef-construction") { Description = "Size of the candidate pool while building.", HelpName = "N", DefaultValueFactory = _ => new HnswOptions().EfConstruction }.AcceptOnlyRange(8, 4096);
    private readonly Option<int[]> _ef = new("--ef") { Description = "Sizes of the candidate pool of a search, separated by commas: one point of the curve each.", HelpName = "N,N,...", CustomParser = ParseEf, DefaultValueFactory = _ => [16, 32, 64, 128, 256] };
    private readonly Option<int> _threads = new Option<int>("--build-threads") { Description = "Threads that build; 0: one for each processor. One thread builds the same index every time.", HelpName = "N" }.AcceptOnlyRange(0, 1024);
    private readonly Option<string> _outputIds = new("--output-ids") { Description = "Writes PREFIX.EF.i32: the found row numbers, [queries x k] little-endian 32-bit integers, nearest first.", HelpName = "PREFIX" };

    public SearchFileCommand(CommandConsole console)
        : base(
            console,
            "search-file",
            "Builds an index over a file of vectors, without a daemon, and measures it: recall against exact search and queries per second on one thread.\n\n"
            + "Prints JSON, one document a line: build_seconds and bytes_per_vector, then ef, recall and qps for every size of the candidate pool.",
            "embedctl search-file --base items.f32 --queries users.f32 --dimension 100 --metric cosine",
            "embedctl search-file --base w2.f32 --queries w1.f32 --dimension 64 --metric dot --k 10 --ef 16,32,64,128 --output-ids found")
    {
        _metric.AcceptOnlyWords([.. Metrics.Keys]);
        foreach (var option in new Option[] { _base, _queries, _dimension, _metric, _k, _m, _efConstruction, _ef, _threads, _outputIds }) Add(option);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        RefuseUnwritable(arguments.GetValue(_outputIds));
        var dimension = arguments.GetValue(_dimension);
        using var queries = FloatRowFile.Read(arguments.GetRequiredValue(_queries), dimension, cancellationToken);
        var before = Environment.WorkingSet;
        using var rows = FloatRowFile.Read(arguments.GetRequiredValue(_base), dimension, cancellationToken);
        // The work is long and synchronous; the terminal's bars need the thread.
        await ProgressDisplay.RunAsync(Terminal, display => Task.Run(() => Measure(arguments, rows, queries, before, display, cancellationToken), cancellationToken));
        return ExitCode.Success;
    }

    private int Measure(ParseResult arguments, VectorTable rows, VectorTable queries, long before, ProgressDisplay display, CancellationToken cancellationToken)
    {
        var options = new HnswOptions
        {
            M = arguments.GetValue(_m),
            EfConstruction = arguments.GetValue(_efConstruction),
            BuildThreads = arguments.GetValue(_threads),
        };
        var step = display.Begin("build");
        var building = Stopwatch.StartNew();
        using var index = HnswIndex.Build(
            rows,
            Metrics[arguments.GetValue(_metric)!],
            options,
            new InlineProgress<int>(done => step.Report((double)done / rows.Rows)),
            cancellationToken);
        var seconds = building.Elapsed.TotalSeconds;
        step.Done($"{rows.Rows:N0} vectors in {seconds:0.00} s");
        Terminal.WriteJson(new IndexBuildDocument(
            rows.Rows,
            Math.Round(seconds, 3),
            Math.Round(Math.Max(0, Environment.WorkingSet - before) / (double)rows.Rows, 1),
            Math.Round(index.SizeBytes / (double)rows.Rows, 1)));

        var k = arguments.GetValue(_k);
        var curve = new SearchCurve(index, queries, k);
        step = display.Begin("exact search");
        var truth = curve.FindExact(rows, cancellationToken);
        step.Done($"{queries.Rows:N0} queries");
        var found = new Neighbor[truth.Length];
        foreach (var ef in arguments.GetValue(_ef)!)
        {
            Terminal.WriteJson(curve.Measure(ef, truth, found, cancellationToken));
            if (arguments.GetValue(_outputIds) is { } prefix) WriteIds($"{prefix}.{ef}.i32", found, k, queries.Rows);
        }
        return 0;
    }

    /// <summary>Writes [queries x k] row numbers; where there are fewer rows than k, -1 stands for those that do not exist.</summary>
    private static void WriteIds(string path, Neighbor[] found, int k, int queries)
    {
        var ids = new int[queries * k];
        Array.Fill(ids, -1);
        var count = found.Length / queries;
        for (var i = 0; i < found.Length; i++) ids[(i / count * k) + (i % count)] = found[i].Item.Value;
        File.WriteAllBytes(path, MemoryMarshal.AsBytes(ids.AsSpan()));
    }

    private static int[] ParseEf(ArgumentResult result)
    {
        var values = new List<int>();
        foreach (var part in string.Join(',', result.Tokens.Select(token => token.Value)).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var value) || value is < 1 or > MostEf)
            {
                result.AddError($"--ef has '{part}'; it must be whole numbers of 1..{MostEf}, separated by commas.");
                return [];
            }
            values.Add(value);
        }
        if (values.Count == 0) result.AddError("--ef is empty; name at least one size, such as 16,32,64.");
        return [.. values];
    }

    private static void RefuseUnwritable(string? prefix)
    {
        if (prefix is null) return;
        var directory = Path.GetDirectoryName(Path.GetFullPath(prefix))!;
        if (!Directory.Exists(directory)) throw new CommandFailedException($"there is no directory {directory}");
    }
}
