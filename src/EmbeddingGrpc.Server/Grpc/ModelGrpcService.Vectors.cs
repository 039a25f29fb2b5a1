using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Models.Exchange;
using EmbeddingGrpc.Server.Recall;
using EmbeddingGrpc.Training.Word2vec;
using Google.Protobuf;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

// Vectors to and from other programs.
public sealed partial class ModelGrpcService
{
    /// <inheritdoc/>
    public override async Task ExportVectors(ExportVectorsRequest request, IServerStreamWriter<ExportVectorsResponse> responseStream, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(responseStream);
        ArgumentNullException.ThrowIfNull(context);
        var format = ReadFormat(request.Format, "format");
        var model = registry.Get(request.Model);
        if (!model.Generations.TryLease(out var lease)) throw new NoGenerationException(model.Name);
        using (lease)
        {
            var vectors = request.Table switch
            {
                EmbeddingTable.Unspecified or EmbeddingTable.Input => lease.Generation.Input,
                EmbeddingTable.Output when !lease.Generation.Info.PredictsNext => throw VectorTables.NoItemOutputs(lease.Generation),
                EmbeddingTable.Output => lease.Generation.Output,
                EmbeddingTable.Similarity => lease.Generation.Similarity,
                _ => throw RpcErrors.InvalidArgument("table", $"is {(int)request.Table}; must be one of the EmbeddingTable values 0..{(int)EmbeddingTable.Similarity}"),
            };
            foreach (var chunk in new VectorDownload(lease.Generation.Vocabulary, vectors, format, request.SpaceReplacement).Chunks())
            {
                await responseStream.WriteAsync(new ExportVectorsResponse { Data = ByteString.CopyFrom(chunk.Span) }, context.CancellationToken);
            }
        }
    }

    /// <inheritdoc/>
    public override async Task<ImportVectorsResponse> ImportVectors(IAsyncStreamReader<ImportVectorsRequest> requestStream, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(requestStream);
        ArgumentNullException.ThrowIfNull(context);
        if (!await requestStream.MoveNext(context.CancellationToken) || requestStream.Current.Start is not { } start)
            throw RpcErrors.InvalidArgument("start", "is missing; the first request of an import must carry it");

        var model = registry.Get(start.Model);
        var format = ReadFormat(start.Format, "start.format");
        var (input, output) = (new VectorUpload("input", format), new VectorUpload("output", format));
        while (await requestStream.MoveNext(context.CancellationToken))
        {
            var part = requestStream.Current;
            switch (part.PartCase)
            {
                case ImportVectorsRequest.PartOneofCase.Input when output.HasStarted:
                    throw RpcErrors.InvalidArgument("input", "comes after output; send all of input first");
                case ImportVectorsRequest.PartOneofCase.Input:
                    input.Append(part.Input.Span);
                    break;
                case ImportVectorsRequest.PartOneofCase.Output:
                    output.Append(part.Output.Span);
                    break;
                case ImportVectorsRequest.PartOneofCase.Start:
                    throw RpcErrors.InvalidArgument("start", "is set again; only the first request of an import carries it");
                default:
                    throw RpcErrors.InvalidArgument("part", "is empty; each request after the first carries a piece of input or output");
            }
        }

        var first = input.Complete();
        var second = output.HasStarted ? output.Complete() : null;
        var generation = await model.ImportAsync(first, second, context.CancellationToken);
        return new ImportVectorsResponse { Generation = generation.ToMessage(serving: true) };
    }

    private static Word2vecFormat ReadFormat(VectorFormat format, string field) => format switch
    {
        VectorFormat.Unspecified or VectorFormat.Word2VecText => Word2vecFormat.Text,
        VectorFormat.Word2VecBinary => Word2vecFormat.Binary,
        _ => throw RpcErrors.InvalidArgument(field, $"is {(int)format}; must be VECTOR_FORMAT_WORD2VEC_TEXT or VECTOR_FORMAT_WORD2VEC_BINARY"),
    };
}
