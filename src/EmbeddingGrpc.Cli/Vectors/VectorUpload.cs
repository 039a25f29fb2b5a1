using EmbeddingGrpc.Client;
using EmbeddingGrpc.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace EmbeddingGrpc.Cli.Vectors;

/// <summary>Sends word2vec files to the daemon, which makes a generation of them.</summary>
internal static class VectorUpload
{
    private const int PieceBytes = 256 * 1024;

    /// <summary>Sends W1 and, where there is one, W2.</summary>
    /// <param name="client">The daemon.</param>
    /// <param name="start">Which model, and the files' format.</param>
    /// <param name="vectors">W1.</param>
    /// <param name="contexts">W2; null without.</param>
    /// <param name="progress">Told the bytes sent.</param>
    /// <param name="cancellationToken">Gives up; nothing has changed then.</param>
    /// <returns>The new generation, which serves.</returns>
    public static async Task<Generation> RunAsync(
        EmbeddingClient client, ImportVectorsStart start, string vectors, string? contexts, Action<long> progress, CancellationToken cancellationToken)
    {
        using var call = client.Models.ImportVectors(cancellationToken: cancellationToken);
        try
        {
            await call.RequestStream.WriteAsync(new ImportVectorsRequest { Start = start }, cancellationToken);
            var sent = await SendAsync(call.RequestStream, vectors, 0, piece => new ImportVectorsRequest { Input = piece }, progress, cancellationToken);
            if (contexts is not null) await SendAsync(call.RequestStream, contexts, sent, piece => new ImportVectorsRequest { Output = piece }, progress, cancellationToken);
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
        string path,
        long sentBefore,
        Func<ByteString, ImportVectorsRequest> wrap,
        Action<long> progress,
        CancellationToken cancellationToken)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1, FileOptions.SequentialScan | FileOptions.Asynchronous);
        var sent = sentBefore;
        while (true)
        {
            // A new array each time: the message keeps it.
            var piece = new byte[PieceBytes];
            var read = await file.ReadAtLeastAsync(piece, PieceBytes, throwOnEndOfStream: false, cancellationToken);
            if (read == 0) return sent;
            await writer.WriteAsync(wrap(UnsafeByteOperations.UnsafeWrap(piece.AsMemory(0, read))), cancellationToken);
            progress(sent += read);
        }
    }
}
