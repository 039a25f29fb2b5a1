using System.Text;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Tests.Hosting;
using EmbeddingGrpc.Server.Tests.Models;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace EmbeddingGrpc.Server.Tests.Grpc;

public sealed class ModelVectorsTests : IAsyncLifetime
{
    private TestDaemon _daemon = null!;
    private ModelService.ModelServiceClient _client = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private ModelRuntime Model => _daemon.Services.GetRequiredService<ModelRegistry>().Get("");

    public async ValueTask InitializeAsync()
    {
        _daemon = await TestDaemon.StartAsync(args: ["--EmbeddingGrpc:Model:Training:Dimension=16", "--EmbeddingGrpc:Model:Training:Epochs=2"]);
        _client = new ModelService.ModelServiceClient(_daemon.Channel);
    }

    public ValueTask DisposeAsync() => _daemon.DisposeAsync();

    [Theory]
    [InlineData(VectorFormat.Unspecified)]
    [InlineData(VectorFormat.Word2VecBinary)]
    public async Task ImportVectors_WhatWasExported_ServesTheSameVectors(VectorFormat format)
    {
        await Model.Log.AppendAsync(new AppendBatch([.. TestModel.Camps(40, 10, 10)]), Cancellation);
        await Model.Training.Start().Completion.WaitAsync(Cancellation);
        var (input, output) = (await ExportAsync(EmbeddingTable.Unspecified, format), await ExportAsync(EmbeddingTable.Output, format));
        var before = Rows(table: generation => generation.Input);
        await _client.CreateModelAsync(new CreateModelRequest { Model = "elsewhere" }, cancellationToken: Cancellation);

        var generation = await ImportAsync("elsewhere", format, input, output);

        Assert.Equal((1ul, 20ul, 16u, 0ul, true), (generation.Number, generation.ItemCount, generation.Dimension, generation.TrainedOffset, generation.Serving));
        Assert.Empty(generation.Options);
        Assert.Equal(before, Rows(imported => imported.Input, "elsewhere"));
        Assert.Equal(Rows(trained => trained.Output), Rows(imported => imported.Output, "elsewhere"));
    }

    [Fact]
    public async Task ImportVectors_InputAlone_RecallsByNearness()
    {
        var generation = await ImportAsync("", VectorFormat.Word2VecText, "4 2\nnorth 0 10\nnear-north 1 9\neast 3 0\nnear-east 3 0.5\n"u8.ToArray());

        var recall = new RecallService.RecallServiceClient(_daemon.Channel);
        var similar = await recall.RecallAsync(new RecallRequest { Item = new ItemQuery { ItemId = "east" }, K = 1 }, cancellationToken: Cancellation);
        var next = await recall.RecallAsync(
            new RecallRequest { Session = new SessionQuery { Items = { new SessionItem { ItemId = "east" } } }, K = 1 }, cancellationToken: Cancellation);

        Assert.Equal(generation.Id, similar.GenerationId);
        Assert.Equal("near-east", similar.Candidates.Single().ItemId);
        // By direction, although the rows to the north are three times as long.
        Assert.Equal("near-east", next.Candidates.Single().ItemId);
    }

    [Fact]
    public async Task ImportVectors_ItemsCountedInTheLog_AreOrderedByCount()
    {
        await Model.Log.AppendAsync(
            new AppendBatch([.. Enumerable.Range(0, 5).Select(time => new EventLog.Interaction("u", "rare", EventLog.InteractionType.Click, 1_700_000_000_000 + time))]), Cancellation);

        await ImportAsync("", VectorFormat.Word2VecText, "3 2\nfirst 1 2\nsecond 3 4\nrare 5 6\n"u8.ToArray(), "3 2\nrare 9 9\nsecond 8 8\nfirst 7 7\n"u8.ToArray());

        Assert.True(Model.Generations.TryLease(out var lease));
        using (lease)
        {
            var vocabulary = lease.Generation.Vocabulary;
            Assert.Equal([("rare", 5L), ("first", 1L), ("second", 1L)], Enumerable.Range(0, 3).Select(item => (vocabulary.IdOf(new(item)), vocabulary.CountOf(new(item)))));
            Assert.Equal([5f, 6f], lease.Generation.Input[new ItemOrdinal(0)].ToArray());
            Assert.Equal([9f, 9f], lease.Generation.Output[new ItemOrdinal(0)].ToArray());
            Assert.Equal([7f, 7f], lease.Generation.Output[new ItemOrdinal(1)].ToArray());
        }
    }

    [Theory]
    [InlineData("word2vec?\n", null, "input")]
    [InlineData("1 2\na 1\n", null, "input")]
    [InlineData("2 2\na 1 2\nb 1 2\n", "2 3\na 1 2 3\nb 1 2 3\n", "output")]
    [InlineData("2 2\na 1 2\nb 1 2\n", "2 2\na 1 2\nc 1 2\n", "output")]
    [InlineData("2 2\na 1 2\nb 1 2\n", "1 2\na 1 2\n", "output")]
    [InlineData("2 2\na 1 2\nb 1 2\n", "2 2\na 1 2\n", "output")]
    public async Task ImportVectors_BadFile_IsRefusedByTableAndChangesNothing(string input, string? output, string field)
    {
        var error = await Assert.ThrowsAsync<RpcException>(
            () => ImportAsync("", VectorFormat.Word2VecText, Encoding.UTF8.GetBytes(input), output is null ? null : Encoding.UTF8.GetBytes(output)));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal(field, error.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations.Single().Field);
        Assert.Null(Model.Generations.Serving);
        Assert.Empty(Model.StoredGenerations());
    }

    [Fact]
    public async Task ImportVectors_PartsOutOfOrder_SayWhatIsWrong()
    {
        await RefusedAsync("start", Piece(input: "1 2\n"));
        await RefusedAsync("start", Start(""), Start(""));
        await RefusedAsync("part", Start(""), new ImportVectorsRequest());
        await RefusedAsync("input", Start(""), Piece(input: "1 2\na 1 2\n"), Piece(output: "1 2\n"), Piece(input: "b"));
        await RefusedAsync("start.format", new ImportVectorsRequest { Start = new ImportVectorsStart { Format = (VectorFormat)77 } });

        async Task RefusedAsync(string field, params ImportVectorsRequest[] requests)
        {
            var error = await Assert.ThrowsAsync<RpcException>(() => SendAsync(requests));
            Assert.Equal((StatusCode.InvalidArgument, field), (error.StatusCode, error.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations.Single().Field));
        }
    }

    [Fact]
    public async Task ExportVectors_NothingServes_IsFailedPrecondition()
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => ExportAsync(EmbeddingTable.Input, VectorFormat.Word2VecText));

        Assert.Equal(StatusCode.FailedPrecondition, error.StatusCode);
    }

    [Fact]
    public async Task ExportVectors_BadArguments_AreNamed()
    {
        await ImportAsync("", VectorFormat.Word2VecText, "2 2\na 1 2\nb 1 2\n"u8.ToArray());

        var table = await Assert.ThrowsAsync<RpcException>(() => ExportAsync((EmbeddingTable)9, VectorFormat.Word2VecText));
        var format = await Assert.ThrowsAsync<RpcException>(() => ExportAsync(EmbeddingTable.Input, (VectorFormat)9));

        Assert.Equal(["table", "format"], new[] { table, format }.Select(error => error.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations.Single().Field));
    }

    private static ImportVectorsRequest Start(string model, VectorFormat format = VectorFormat.Word2VecText) =>
        new() { Start = new ImportVectorsStart { Model = model, Format = format } };

    private static ImportVectorsRequest Piece(string? input = null, string? output = null) =>
        input is not null ? new() { Input = ByteString.CopyFromUtf8(input) } : new() { Output = ByteString.CopyFromUtf8(output) };

    private async Task<byte[]> ExportAsync(EmbeddingTable table, VectorFormat format)
    {
        using var call = _client.ExportVectors(new ExportVectorsRequest { Table = table, Format = format }, cancellationToken: Cancellation);
        return [.. (await call.ResponseStream.ReadAllAsync(Cancellation).ToListAsync(Cancellation)).SelectMany(response => response.Data.ToByteArray())];
    }

    private Task<Protocol.V1.Generation> ImportAsync(string model, VectorFormat format, byte[] input, byte[]? output = null) => SendAsync(
    [
        Start(model, format),
        .. input.Chunk(100).Select(piece => new ImportVectorsRequest { Input = ByteString.CopyFrom(piece) }),
        .. (output ?? []).Chunk(100).Select(piece => new ImportVectorsRequest { Output = ByteString.CopyFrom(piece) }),
    ]);

    private async Task<Protocol.V1.Generation> SendAsync(IEnumerable<ImportVectorsRequest> requests)
    {
        using var call = _client.ImportVectors(cancellationToken: Cancellation);
        try
        {
            foreach (var request in requests) await call.RequestStream.WriteAsync(request, Cancellation);
            await call.RequestStream.CompleteAsync();
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException)
        {
            // Refused before all was sent; the response says why.
        }

        return (await call).Generation;
    }

    private SortedDictionary<string, string> Rows(Func<Server.Models.Generation, VectorTable> table, string model = "")
    {
        Assert.True(_daemon.Services.GetRequiredService<ModelRegistry>().Get(model).Generations.TryLease(out var lease));
        using (lease)
        {
            var rows = new SortedDictionary<string, string>(StringComparer.Ordinal);
            for (var item = 0; item < lease.Generation.Vocabulary.Count; item++)
            {
                rows.Add(lease.Generation.Vocabulary.IdOf(new(item)), string.Join(',', table(lease.Generation)[new ItemOrdinal(item)].ToArray().Select(BitConverter.SingleToInt32Bits)));
            }

            return rows;
        }
    }
}
