using System.Security.Cryptography;
using EmbeddingGrpc.Client.Tests.Scripted;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.Client.Tests;

public sealed class EmbeddingClientModelsTests
{
    private const int SeveralPieces = 600_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task CreateModelAsync_WithOptions_SendsAllOfIt()
    {
        CreateModelRequest? seen = null;
        var script = new DaemonScript { OnCreateModel = request => { seen = request; return new CreateModelResponse { Model = new Model { Name = request.Model } }; } };
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(daemon.Address);

        var model = await client.CreateModelAsync("films", new Dictionary<string, string> { ["Training.Dimension"] = "64" }, eventsFrom: "shop", Cancellation);

        Assert.Equal("films", model.Name);
        Assert.Equal(new CreateModelRequest { Model = "films", EventsFrom = "shop", Options = { ["Training.Dimension"] = "64" } }, seen);
    }

    [Fact]
    public async Task CreateModelAsync_DaemonUnavailable_IsNotRepeated()
    {
        var calls = 0;
        var script = new DaemonScript { OnCreateModel = _ => { calls++; throw ScriptedDaemon.Unavailable(); } };
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(daemon.Address);

        await Assert.ThrowsAsync<RpcException>(() => client.CreateModelAsync("films", cancellationToken: Cancellation));
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task UpdateModelAsync_NoModelNamed_ChangesTheClients()
    {
        UpdateModelRequest? seen = null;
        var script = new DaemonScript { OnUpdateModel = request => { seen = request; return new UpdateModelResponse { Model = new Model() }; } };
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(new EmbeddingClientOptions { Address = daemon.Address, Model = "films" });

        await client.UpdateModelAsync(new Dictionary<string, string> { ["Training.Epochs"] = "5" }, reset: ["Training.Window"], cancellationToken: Cancellation);

        Assert.Equal(new UpdateModelRequest { Model = "films", Options = { ["Training.Epochs"] = "5" }, ResetOptions = { "Training.Window" } }, seen);
    }

    [Fact]
    public async Task ImportVectorsAsync_TwoFilesOfSeveralPieces_ArriveWholeAndInOrder()
    {
        var (input, output) = (RandomNumberGenerator.GetBytes(SeveralPieces), RandomNumberGenerator.GetBytes(SeveralPieces + 1));
        using var receivedInput = new MemoryStream();
        using var receivedOutput = new MemoryStream();
        ImportVectorsStart? start = null;
        var script = new DaemonScript
        {
            OnImport = async requests =>
            {
                await foreach (var request in requests.ReadAllAsync())
                {
                    start ??= request.Start;
                    if (request.Input is { Length: > 0 })
                    {
                        Assert.Equal(0, receivedOutput.Length);
                        receivedInput.Write(request.Input.Span);
                    }
                    if (request.Output is { Length: > 0 }) receivedOutput.Write(request.Output.Span);
                }
                return new ImportVectorsResponse { Generation = new Generation { Id = "g" } };
            },
        };
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(daemon.Address);
        var told = new LastReport();

        var generation = await client.ImportVectorsAsync(
            new MemoryStream(input), new MemoryStream(output), VectorFormat.Word2VecBinary, "films", told, Cancellation);

        Assert.Equal("g", generation.Id);
        Assert.Equal(new ImportVectorsStart { Model = "films", Format = VectorFormat.Word2VecBinary }, start);
        Assert.Equal(input, receivedInput.ToArray());
        Assert.Equal(output, receivedOutput.ToArray());
        Assert.Equal(input.Length + output.Length, told.Value);
    }

    [Fact]
    public async Task ImportVectorsAsync_RefusedBeforeTheEnd_ThrowsWhatTheDaemonSays()
    {
        var script = new DaemonScript
        {
            OnImport = async requests =>
            {
                await requests.MoveNext();
                throw new RpcException(new Status(StatusCode.InvalidArgument, "input: line 1 is no header"));
            },
        };
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(daemon.Address);

        var refusal = await Assert.ThrowsAsync<RpcException>(
            () => client.ImportVectorsAsync(new MemoryStream(RandomNumberGenerator.GetBytes(10 * SeveralPieces)), cancellationToken: Cancellation));
        Assert.Equal("input: line 1 is no header", refusal.Status.Detail);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ExportVectorsAsync_SeveralChunks_AreWrittenAndCounted(bool withProgress)
    {
        var file = RandomNumberGenerator.GetBytes(SeveralPieces);
        ExportVectorsRequest? seen = null;
        var script = new DaemonScript
        {
            OnExport = async (request, responses) =>
            {
                seen = request;
                foreach (var chunk in file.Chunk(100_000)) await responses.WriteAsync(new ExportVectorsResponse { Data = Google.Protobuf.ByteString.CopyFrom(chunk) });
            },
        };
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(daemon.Address);
        using var destination = new MemoryStream();
        var told = new LastReport();

        var bytes = await client.ExportVectorsAsync(
            destination, EmbeddingTable.Output, VectorFormat.Word2VecBinary, "_", "films", withProgress ? told : null, Cancellation);

        Assert.Equal(file.Length, bytes);
        Assert.Equal(file, destination.ToArray());
        Assert.Equal(withProgress ? file.Length : 0, told.Value);
        Assert.Equal(new ExportVectorsRequest { Model = "films", Table = EmbeddingTable.Output, Format = VectorFormat.Word2VecBinary, SpaceReplacement = "_" }, seen);
    }

    private sealed class LastReport : IProgress<long>
    {
        public long Value { get; private set; }

        public void Report(long value) => Value = value;
    }
}
