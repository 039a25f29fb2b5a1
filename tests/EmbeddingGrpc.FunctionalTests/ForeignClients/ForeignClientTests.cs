using System.Text.Json;
using EmbeddingGrpc.FunctionalTests.Harness;

namespace EmbeddingGrpc.FunctionalTests.ForeignClients;

/// <summary>Other languages stream, train and recall against the daemon with nothing of ours but the .proto files.</summary>
public sealed class ForeignClientTests : IDisposable
{
    private static readonly string Protos = Path.Combine(Build.RepositoryRoot, "protos");
    private static readonly string Programs = Path.Combine(Build.RepositoryRoot, "tests", "EmbeddingGrpc.FunctionalTests", "ForeignClients");
    private static readonly JsonSerializerOptions SnakeCase = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly TemporaryDirectory _data = new();
    private readonly TemporaryDirectory _stubs = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _data.Dispose();
        _stubs.Dispose();
    }

    [Fact]
    public async Task Python_FromTheProtosAlone_StreamsTrainsAndRecalls()
    {
        // Debian's own python3: the gRPC package is one of its, whatever else is on PATH.
        const string python = "/usr/bin/python3";
        await RequireAsync(python, ["-c", "import grpc, google.protobuf"], "python3-grpcio and python3-protobuf are not installed; .ci/run installs them.");
        var protoFiles = Directory.EnumerateFiles(Protos, "*.proto", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(Protos, path));
        var protoc = await ProgramRun.RunAsync(
            InstalledProgram.Require("protoc"),
            [
                "--proto_path", Protos, "--python_out", _stubs.FullPath, "--grpc_python_out", _stubs.FullPath,
                $"--plugin=protoc-gen-grpc_python={InstalledProgram.Require("grpc_python_plugin")}", .. protoFiles,
            ],
            Cancel);
        Assert.True(protoc.ExitCode == 0, protoc.Errors);

        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, ShoppingWorld.Settings);
        var run = await ProgramRun.RunAsync(
            python, [Path.Combine(Programs, "python", "client.py"), daemon.GrpcAddress.Authority], Cancel,
            new Dictionary<string, string> { ["PYTHONPATH"] = _stubs.FullPath, ["PYTHONDONTWRITEBYTECODE"] = "1" });
        var seen = AssertStreamedTrainedAndRecalled(run);
        Assert.All(seen.Streamed![0], item => Assert.StartsWith("wine-", item, StringComparison.Ordinal));
        Assert.All(seen.Streamed[1], item => Assert.StartsWith("bread-", item, StringComparison.Ordinal));
        Assert.Equal((2, 2, 5), (seen.Streamed[0].Count, seen.Streamed[1].Count, seen.StreamedUnknown));
    }

    [Fact]
    public async Task Node_FromTheProtosAlone_StreamsTrainsAndRecalls()
    {
        var node = InstalledProgram.Require("node");
        await RequireAsync(
            node, ["-e", "require('@grpc/grpc-js'); require('@grpc/proto-loader')"],
            "@grpc/grpc-js and @grpc/proto-loader are not on NODE_PATH; .ci/run installs them.");

        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, ShoppingWorld.Settings);
        var run = await ProgramRun.RunAsync(node, [Path.Combine(Programs, "node", "client.cjs"), daemon.GrpcAddress.Authority, Protos], Cancel);
        AssertStreamedTrainedAndRecalled(run);
    }

    [Fact]
    public async Task BufCurl_ThroughReflection_RecallsAndReadsTheError()
    {
        var buf = InstalledProgram.Require("buf");
        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, ShoppingWorld.Settings);
        var generation = await daemon.LearnShoppingAsync(Cancel);

        var answer = await CurlAsync("""{"item": {"itemId": "books-1"}, "k": 3}""");
        Assert.True(answer.ExitCode == 0, answer.Errors);
        using var json = JsonDocument.Parse(answer.Output);
        Assert.Equal(generation.Id, json.RootElement.GetProperty("generationId").GetString());
        Assert.Equal(3, json.RootElement.GetProperty("candidates").GetArrayLength());

        var refused = await CurlAsync("""{"item": {"itemId": "never-heard-of"}}""");
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("not_found", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("never-heard-of", refused.Errors, StringComparison.Ordinal);

        Task<ProgramRun> CurlAsync(string request) => ProgramRun.RunAsync(
            buf,
            ["curl", "--protocol", "grpc", "--http2-prior-knowledge", "--data", request, $"{daemon.GrpcAddress}embeddinggrpc.v1.RecallService/Recall"],
            Cancel,
            workingDirectory: _stubs.FullPath);
    }

    private static Seen AssertStreamedTrainedAndRecalled(ProgramRun run)
    {
        Assert.True(run.ExitCode == 0, run.Errors);
        var seen = JsonSerializer.Deserialize<Seen>(run.Output, SnakeCase)!;
        Assert.Equal(600, seen.Acknowledged);
        Assert.Contains("TRAINING_PHASE_TRAIN", seen.Phases);
        Assert.Equal(seen.Generation, seen.AnsweredBy);
        Assert.Equal(5, seen.Items.Count);
        Assert.All(seen.Items, item => Assert.StartsWith("wine-", item, StringComparison.Ordinal));
        Assert.Equal("NOT_FOUND", seen.Unknown);
        return seen;
    }

    private static async Task RequireAsync(string program, string[] arguments, string missing)
    {
        if (!File.Exists(program) || (await ProgramRun.RunAsync(program, arguments, Cancel)).ExitCode != 0) InstalledProgram.Missing(missing);
    }

    private sealed record Seen(
        int Acknowledged,
        IReadOnlyList<string> Phases,
        string Generation,
        string AnsweredBy,
        IReadOnlyList<string> Items,
        string Unknown,
        IReadOnlyList<IReadOnlyList<string>>? Streamed = null,
        int StreamedUnknown = 0);
}
