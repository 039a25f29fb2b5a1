using EmbeddingGrpc.Client;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.Cli.Vectors;

/// <summary>Writes the vectors of a model into a file that appears only when it is complete.</summary>
internal static class VectorDownload
{
    /// <summary>Writes a file, or standard output for <c>-</c>.</summary>
    /// <param name="client">The daemon.</param>
    /// <param name="request">Which vectors.</param>
    /// <param name="path">Where to; an older file is replaced.</param>
    /// <param name="progress">Told the bytes written.</param>
    /// <param name="cancellationToken">Gives up; the older file stays.</param>
    public static async Task<long> RunAsync(
        EmbeddingClient client, ExportVectorsRequest request, string path, Action<long> progress, CancellationToken cancellationToken)
    {
        if (path == "-")
        {
            await using var output = Console.OpenStandardOutput();
            return await CopyAsync(client, request, output, progress, cancellationToken);
        }
        var unfinished = $"{path}.{Guid.NewGuid():N}.part";
        try
        {
            long bytes;
            await using (var file = new FileStream(unfinished, FileMode.CreateNew, FileAccess.Write))
                bytes = await CopyAsync(client, request, file, progress, cancellationToken);
            File.Move(unfinished, path, overwrite: true);
            return bytes;
        }
        finally
        {
            File.Delete(unfinished);
        }
    }

    private static async Task<long> CopyAsync(
        EmbeddingClient client, ExportVectorsRequest request, Stream target, Action<long> progress, CancellationToken cancellationToken)
    {
        long bytes = 0;
        using var call = client.Models.ExportVectors(request, cancellationToken: cancellationToken);
        await foreach (var response in call.ResponseStream.ReadAllAsync(cancellationToken))
        {
            await target.WriteAsync(response.Data.Memory, cancellationToken);
            progress(bytes += response.Data.Length);
        }
        return bytes;
    }
}
