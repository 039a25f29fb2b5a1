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
    private readonly Option<string> _kind = new("--kind") { Description = "hnsw: a graph. lsh: hash tables by random projections, the classic baseline. exact: a scan.", HelpName = string.Join('|', Kinds), DefaultValueFactory = _ => "hnsw" };
    private readonly Option<int> _m = new Option<int>("--m") { Description = "Links of a node on the upper layers; twice as many on the lowest.", HelpName = "N", DefaultValueFactory = _ => new HnswOptions().M }.AcceptOnlyRange(2, 128);
    private readonly Option<int> _efConstruction = new Option<int>("--ef-construction") { Description = "Size of the candidate pool while building.", HelpName = "N", DefaultValueFactory = _ => new HnswOptions().EfConstruction }.AcceptOnlyRange(8, 4096);
    private readonly Option<int> _tables = new Option<int>("--tables") { Description = "Hash tables of lsh.", HelpName = "N", DefaultValueFactory = _ => new LshOptions().Tables }.AcceptOnlyRange(1, 256);
    private readonly Option<int> _bits = new Option<int>("--bits") { Description = "Bits of a hash of lsh.", HelpName = "N", DefaultValueFactory = _ => new LshOptions().Bits }.AcceptOnlyRange(1, 24);
    private readonly Option<int[]> _ef = new("--ef") { Description = "Sizes of the candidate pool of a search (lsh: rows scored exactly), separated by commas: one point of the curve each.", HelpName = "N,N,...", CustomParser = ParseEf, DefaultValueFactory = _ => [16, 32, 64, 128, 256] };
    private readonly Option<int> _threads = new Option<int>("--build-threads") { Description = "Threads that build; 0: one for each processor. One thread builds the same index every time.", HelpName = "N" }.AcceptOnlyRange(0, 1024);
    private readonly Option<int> _mostQueries = new Option<int>("--max-queries") { Description = "Searches for the first of the queries only; 0: all.", HelpName = "N" }.AcceptOnlyRange(0, int.MaxValue);
    private readonly Option<string> _mapRows = new("--map-rows") { Description = "Writes the rows to this file and maps it, as a daemon does by Model:MappedGenerations, instead of holding them in memory; says what the process grew by with the rows cold, and after the searches.", HelpName = "FILE" };
    private readonly Option<bool> _wholePool = new("--whole-pool") { Description = "Does not calibrate the graph: every search expands its whole pool, instead of ending where as much is found with less." };
    private readonly Option<string> _outputIds = new("--output-ids") { Description = "Writes PREFIX.EF.i32: the found row numbers, [queries x k] little-endian 32-bit integers, nearest first.", HelpName = "PREFIX" };

    private static readonly string[] Kinds = ["hnsw", "lsh", "exact"];

    public SearchFileCommand(CommandConsole console)
        : base(
            console,
            "search-file",
            "Builds an index over a file of vectors, without a daemon, and measures it: recall against exact search and queries per second on one thread.\n\n"
            + "Prints JSON, one document a line: build_seconds and bytes_per_vector, then ef, recall and qps for every size of the candidate pool.",
            "embedctl search-file --base items.f32 --queries users.f32 --dimension 100 --metric cosine",
            "embedctl search-file --base items.f32 --queries users.f32 --dimension 100 --kind lsh --ef 1024,4096,16384",
            "embedctl search-file --base w2.f32 --queries w1.f32 --dimension 64 --metric dot --k 10 --ef 16,32,64,128 --output-ids found")
    {
        _metric.AcceptOnlyWords([.. Metrics.Keys]);
        _kind.AcceptOnlyWords(Kinds);
        foreach (var option in new Option[] { _base, _queries, _dimension, _metric, _k, _kind, _m, _efConstruction, _tables, _bits, _ef, _threads, _wholePool, _mostQueries, _mapRows, _outputIds }) Add(option);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        RefuseUnwritable(arguments.GetValue(_outputIds));
        RefuseUnwritable(arguments.GetValue(_mapRows));
        var dimension = arguments.GetValue(_dimension);
        using var queries = FloatRowFile.Read(arguments.GetRequiredValue(_queries), dimension, arguments.GetValue(_mostQueries), cancellationToken);
        var mapped = arguments.GetValue(_mapRows);
        if (mapped is not null) FloatRowFile.WriteMappable(arguments.GetRequiredValue(_base), dimension, mapped, cancellationToken);
        var before = Environment.WorkingSet;
        using var rows = mapped is not null ? VectorTable.Open(mapped) : FloatRowFile.Read(arguments.GetRequiredValue(_base), dimension, most: 0, cancellationToken);
        // The work is long and synchronous; the terminal's bars need the thread.
        await ProgressDisplay.RunAsync(Terminal, display => Task.Run(() => Measure(arguments, rows, queries, before, display, cancellationToken), cancellationToken));
        return ExitCode.Success;
    }

    private int Measure(ParseResult arguments, VectorTable rows, VectorTable queries, long before, ProgressDisplay display, CancellationToken cancellationToken)
    {
        var isMapped = arguments.GetValue(_mapRows) is not null;
        var step = display.Begin("build");
        var building = Stopwatch.StartNew();
        using var index = Build(arguments, rows, done => step.Report((double)done / rows.Rows), cancellationToken);
        var seconds = building.Elapsed.TotalSeconds;
        step.Done($"{rows.Rows:N0} vectors in {seconds:0.00} s");
        if (isMapped) rows.LetGoOfPages();
        var growth = GrowthSince(before, rows);
        double? calibrating = index is HnswIndex graph && !arguments.GetValue(_wholePool) ? Calibrate(graph, display, cancellationToken) : null;
        if (isMapped) rows.LetGoOfPages();
        Terminal.WriteJson(new IndexBuildDocument(
            rows.Rows, Math.Round(seconds, 3), calibrating, growth, Math.Round(index.SizeBytes / (double)rows.Rows, 1)));

        var k = arguments.GetValue(_k);
        var curve = new SearchCurve(index, queries, k);
        step = display.Begin("exact search");
        var truth = curve.FindExact(rows, cancellationToken);
        step.Done($"{queries.Rows:N0} queries");
        if (isMapped) rows.LetGoOfPages();
        var found = new Neighbor[truth.Length];
        // A scan has no pool: one point tells all.
        foreach (var ef in index is ExactIndex ? [0] : arguments.GetValue(_ef)!)
        {
            Terminal.WriteJson(curve.Measure(ef, truth, found, cancellationToken));
            if (arguments.GetValue(_outputIds) is { } prefix) WriteIds($"{prefix}.{ef}.i32", found, k, queries.Rows);
        }

        if (isMapped) Terminal.WriteJson(new MappedRowsDocument(GrowthSince(before, rows)));
        return 0;
    }

    /// <summary>Measures what the daemon measures of each index, so that it is searched as there.</summary>
    /// <returns>How long it took, in seconds.</returns>
    private static double Calibrate(HnswIndex index, ProgressDisplay display, CancellationToken cancellationToken)
    {
        var step = display.Begin("calibration");
        var calibrating = Stopwatch.StartNew();
        index.Calibrate(cancellationToken: cancellationToken);
        step.Done($"{calibrating.Elapsed.TotalSeconds:0.00} s");
        return Math.Round(calibrating.Elapsed.TotalSeconds, 3);
    }

    private IVectorIndex Build(ParseResult arguments, VectorTable rows, Action<int> progress, CancellationToken cancellationToken)
    {
        var metric = Metrics[arguments.GetValue(_metric)!];
        switch (arguments.GetValue(_kind))
        {
            case "lsh":
                return LshIndex.Build(rows, metric, new LshOptions { Tables = arguments.GetValue(_tables), Bits = arguments.GetValue(_bits) }, cancellationToken);
            case "exact":
                return new ExactIndex(rows, metric);
            default:
                var options = new HnswOptions
                {
                    M = arguments.GetValue(_m),
                    EfConstruction = arguments.GetValue(_efConstruction),
                    BuildThreads = arguments.GetValue(_threads),
                };
                return HnswIndex.Build(rows, metric, options, new InlineProgress<int>(progress), cancellationToken);
        }
    }

    private static double GrowthSince(long before, VectorTable rows) => Math.Round(Math.Max(0, Environment.WorkingSet - before) / (double)rows.Rows, 1);

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
