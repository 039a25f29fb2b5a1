using System.Runtime.InteropServices;
using System.Text.Json;
using EmbeddingGrpc.Cli.CommandLine;

namespace EmbeddingGrpc.Cli.Tests.Commands;

public sealed class SearchFileCommandTests : IDisposable
{
    private const int Dimension = 12;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("cosine")]
    [InlineData("dot")]
    [InlineData("euclid")]
    public async Task SearchFile_EveryMetric_PrintsTheBuildThenACurveThatRises(string metric)
    {
        var rows = Random(3000, seed: 1);
        WriteRows("b.f32", rows);
        WriteRows("q.f32", Random(40, seed: 2));
        var run = await RunAsync("--metric", metric, "--k", "10", "--m", "8", "--ef-construction", "64", "--ef", "10,400", "--build-threads", "1", "--output-ids", PathOf("found"));

        Assert.Equal((ExitCode.Success, ""), (run.ExitCode, run.Error.Contains("error", StringComparison.Ordinal) ? run.Error : ""));
        var lines = Array.ConvertAll(run.Output.Trim().Split('\n'), line => JsonDocument.Parse(line).RootElement);
        Assert.Equal(3, lines.Length);
        Assert.Equal(3000, lines[0].GetProperty("rows").GetInt32());
        Assert.True(lines[0].GetProperty("build_seconds").GetDouble() > 0);
        Assert.True(lines[0].GetProperty("calibrate_seconds").GetDouble() > 0);
        Assert.True(lines[0].GetProperty("bytes_per_vector").GetDouble() >= 0);
        Assert.True(lines[0].GetProperty("index_bytes_per_vector").GetDouble() > 64);
        Assert.Equal([10, 400], lines[1..].Select(line => line.GetProperty("ef").GetInt32()));
        Assert.All(lines[1..], line => Assert.True(line.GetProperty("qps").GetDouble() > 0));
        Assert.InRange(lines[1].GetProperty("recall").GetDouble(), 0.3, 1);
        Assert.InRange(lines[2].GetProperty("recall").GetDouble(), 0.995, 1);
        Assert.True(Recall(metric, rows, "found.400.i32") >= 0.995);
        Assert.Equal(40 * 10 * sizeof(int), new FileInfo(PathOf("found.10.i32")).Length);
    }

    [Fact]
    public async Task SearchFile_EveryKind_FindsWhatItsEffortAllows()
    {
        WriteRows("b.f32", Random(3000, seed: 1));
        WriteRows("q.f32", Random(40, seed: 2));

        var lsh = await RunAsync("--kind", "lsh", "--tables", "4", "--bits", "8", "--ef", "50,3000");
        var exact = await RunAsync("--kind", "exact", "--ef", "10,20", "--max-queries", "7");

        Assert.Equal((ExitCode.Success, ExitCode.Success), (lsh.ExitCode, exact.ExitCode));
        var curve = Array.ConvertAll(lsh.Output.Trim().Split('\n'), line => JsonDocument.Parse(line).RootElement);
        Assert.Equal(3, curve.Length);
        Assert.InRange(curve[1].GetProperty("recall").GetDouble(), 0.1, 0.95);
        Assert.Equal(1, curve[2].GetProperty("recall").GetDouble());
        var point = JsonDocument.Parse(exact.Output.Trim().Split('\n')[1]).RootElement;
        Assert.Equal((2, 1.0), (exact.Output.Trim().Split('\n').Length, point.GetProperty("recall").GetDouble()));
    }

    [Fact]
    public async Task SearchFile_MappedRows_SaysWhatTheProcessGrewBy()
    {
        WriteRows("b.f32", Random(3000, seed: 1));
        WriteRows("q.f32", Random(40, seed: 2));

        var run = await RunAsync("--ef", "400", "--map-rows", PathOf("rows.vec"), "--whole-pool");

        Assert.Equal(ExitCode.Success, run.ExitCode);
        var lines = Array.ConvertAll(run.Output.Trim().Split('\n'), line => JsonDocument.Parse(line).RootElement);
        Assert.True(lines[0].GetProperty("bytes_per_vector").GetDouble() >= 0);
        Assert.False(lines[0].TryGetProperty("calibrate_seconds", out var calibrating) && calibrating.ValueKind != JsonValueKind.Null);
        Assert.InRange(lines[1].GetProperty("recall").GetDouble(), 0.995, 1);
        Assert.True(lines[2].GetProperty("searched_bytes_per_vector").GetDouble() >= 0);
        using var rows = EmbeddingGrpc.Numerics.VectorTable.Open(PathOf("rows.vec"));
        Assert.Equal((3000, Dimension), (rows.Rows, rows.Dimension));
    }

    [Fact]
    public async Task SearchFile_FewerRowsThanAskedFor_WritesMinusOneForThoseThatDoNotExist()
    {
        WriteRows("b.f32", Random(3, seed: 1));
        WriteRows("q.f32", Random(2, seed: 2));
        var run = await RunAsync("--k", "5", "--ef", "10", "--output-ids", PathOf("found"));
        Assert.Equal(ExitCode.Success, run.ExitCode);
        var ids = MemoryMarshal.Cast<byte, int>(File.ReadAllBytes(PathOf("found.10.i32"))).ToArray();
        Assert.Equal(10, ids.Length);
        foreach (var query in ids.Chunk(5))
        {
            Assert.Equal([0, 1, 2], query[..3].Order());
            Assert.Equal([-1, -1], query[3..]);
        }
    }

    [Fact]
    public async Task SearchFile_FileOfAnotherDimension_NamesFileAndOption()
    {
        WriteRows("b.f32", Random(10, seed: 1));
        File.WriteAllBytes(PathOf("q.f32"), new byte[(Dimension * sizeof(float)) + 4]);
        var run = await RunAsync();
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("q.f32: has 52 bytes", run.Error, StringComparison.Ordinal);
        Assert.Contains("check --dimension", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SearchFile_EmptyFileOrValueThatIsNotFinite_SaysWhere()
    {
        var rows = Random(10, seed: 1);
        WriteRows("q.f32", rows);
        File.WriteAllBytes(PathOf("b.f32"), []);
        var run = await RunAsync();
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("b.f32: is empty", run.Error, StringComparison.Ordinal);

        rows[7][3] = float.PositiveInfinity;
        WriteRows("b.f32", rows);
        run = await RunAsync();
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("row 7 has a value that is not finite at position 3", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--ef", "16,x", "--ef has 'x'")]
    [InlineData("--ef", "0", "--ef has '0'")]
    [InlineData("--ef", ",", "--ef is empty")]
    [InlineData("--m", "1", "--m is 1; it must be 2..128")]
    [InlineData("--metric", "manhattan", "manhattan")]
    [InlineData("--k", "0", "--k is 0")]
    [InlineData("--kind", "tree", "tree")]
    [InlineData("--tables", "0", "--tables is 0; it must be 1..256")]
    [InlineData("--bits", "25", "--bits is 25; it must be 1..24")]
    public async Task SearchFile_ValueOutOfRange_IsAUsageErrorThatNamesTheOption(string option, string value, string expected)
    {
        var run = await RunAsync(option, value);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SearchFile_NoSuchFileOrDirectory_SaysSo()
    {
        var run = await RunAsync();
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("file not found", run.Error, StringComparison.Ordinal);
        run = await RunAsync("--output-ids", PathOf("none/found"));
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("there is no directory", run.Error, StringComparison.Ordinal);
    }

    private static float[][] Random(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, Dimension).Select(_ => (random.NextSingle() - 0.5f) * 2).ToArray())];
    }

    private double Recall(string metric, float[][] rows, string found)
    {
        var queries = Random(40, seed: 2);
        var ids = MemoryMarshal.Cast<byte, int>(File.ReadAllBytes(PathOf(found))).ToArray();
        return queries.Select((query, i) =>
        {
            var nearest = Enumerable.Range(0, rows.Length).OrderByDescending(row => Score(metric, query, rows[row])).Take(10);
            return nearest.Intersect(ids[(10 * i)..(10 * (i + 1))]).Count() / 10.0;
        }).Average();
    }

    private static double Score(string metric, float[] query, float[] row)
    {
        var product = query.Zip(row, (a, b) => (double)a * b).Sum();
        var squared = row.Sum(x => (double)x * x);
        return metric switch { "dot" => product, "cosine" => product / Math.Sqrt(squared), _ => (2 * product) - squared };
    }

    private Task<CliRun> RunAsync(params string[] more) => CliRun.OfAsync(
        ["search-file", "--base", PathOf("b.f32"), "--queries", PathOf("q.f32"), "--dimension", $"{Dimension}", .. more]);

    private string PathOf(string name) => Path.Combine(_directory.Path, name);

    private void WriteRows(string name, float[][] rows) =>
        File.WriteAllBytes(PathOf(name), MemoryMarshal.AsBytes(rows.SelectMany(row => row).ToArray().AsSpan()).ToArray());
}
