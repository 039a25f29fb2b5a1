using EmbeddingGrpc.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace EmbeddingGrpc.Client.Calls;

/// <summary>Sends word2vec files to the daemon, which makes a generation of them.</summary>
internal static class VectorUpload
{
    private const int PieceBytes = 256 * 1024;

    /// <summary>Sends W1 and, where there is one, W2.</summary>
    /// <returns>The new generation, which serves.</returns>
    public static async Task<Generation> CallAsync(
        ModelService.ModelServiceClient models,
        ImportVectorsStart start,
        Stream input,
        Stream? output,
        IProgress<long>? progress,
        CancellationToken cancellationToken)
    {
        using var call = models.ImportVectors(cancellationToken: cancellationToken);
        try
        {
            await call.RequestStream.WriteAsync(new ImportVectorsRequest { Start = start }, cancellationToken);
            var sent = await SendAsync(call.RequestStream, input, 0, piece => new ImportVectorsRequest { Input = piece }, progress, cancellationToken);
            if (output is not null) await SendAsync(call.RequestStream, output, sent, piece => new ImportVectorsRequest { Output = piece }, progress, cancellationToken);
            await call.RequestStream.CompleteAsync();
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException)
        {
            // The daemon has refused before the end: why it says in the call's status, which the response throws.
            await call.ResponseAsync;
            throw;
        }
        return (await call.ResponseAsync).Generation;
    }

    private static async Task<long> SendAsync(
        IClientStreamWriter<ImportVectorsRequest> writer,
        Stream source,
        long sentBefore,
        Func<ByteString, ImportVectorsRequest> wrap,
        IProgress<long>? progress,
        CancellationToken cancellationToken)
    {
        var sent = sentBefore;
        while (true)
        {
            // A new array each time: the message keeps it.
            var piece = new byte[PieceBytes];
            var read = await source.ReadAtLeastAsync(piece, PieceBytes, throwOnEndOfStream: false, cancellationToken);
            if (read == 0) return sent;
            await writer.WriteAsync(wrap(UnsafeByteOperations.UnsafeWrap(piece.AsMemory(0, read))), cancellationToken);
            sent += read;
            progress?.Report(sent);
        }
    }
}
