using System.Diagnostics;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Client;
using EmbeddingGrpc.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace EmbeddingGrpc.Cli.Bench.Freshness;

/// <summary>Makes a world's vectors what a model serves, or finds that they are.</summary>
/// <param name="client">The daemon.</param>
/// <param name="model">The model.</param>
internal sealed class FreshnessImport(EmbeddingClient client, string model)
{
    /// <summary>Imports a world.</summary>
    /// <param name="world">Its items.</param>
    /// <param name="progress">Told the fraction sent.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How long it took until it served.</returns>
    public async Task<TimeSpan> ImportAsync(FreshnessWorld world, Action<double> progress, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        using var call = client.Models.ImportVectors(cancellationToken: cancellationToken);
        try
        {
            var start = new ImportVectorsStart { Model = model, Format = VectorFormat.Word2VecBinary };
            await call.RequestStream.WriteAsync(new ImportVectorsRequest { Start = start }, cancellationToken);
            var sent = 0L;
            var total = (double)world.Items * world.Dimension * sizeof(float);
            foreach (var piece in world.Word2vec())
            {
                await call.RequestStream.WriteAsync(new ImportVectorsRequest { Input = UnsafeByteOperations.UnsafeWrap(piece) }, cancellationToken);
                progress(Math.Min(1, (sent += piece.Length) / total));
            }

            await call.RequestStream.CompleteAsync();
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException)
        {
            // The daemon has refused before the end: why it says in the call's status, which the response throws.
            await call.ResponseAsync;
            throw;
        }

        await call.ResponseAsync;
        return Stopwatch.GetElapsedTime(started);
    }

    /// <summary>Looks whether the model serves the world's vectors.</summary>
    /// <param name="world">The world.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="CommandFailedException">It does not.</exception>
    public async Task RequireImportedAsync(FreshnessWorld world, CancellationToken cancellationToken)
    {
        var last = FreshnessWorld.IdOf(world.Items - 1);
        var found = await client.GetEmbeddingsAsync([last], EmbeddingTable.Input, cancellationToken);
        var wanted = world.VectorOf(world.Items - 1);
        if (found.Embeddings.Count == 1 && found.Embeddings[0].Values.SequenceEqual(wanted)) return;
        throw CommandFailedException.Usage(
            $"--reuse: the model does not serve {world.Items:N0} items x {world.Dimension} of seed {world.Seed} (it {(found.Embeddings.Count == 0 ? "does not know" : "has another vector of")} '{last}'). "
            + "Run once without --reuse.");
    }
}
