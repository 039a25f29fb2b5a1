using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Catalog;
using EmbeddingGrpc.Server.Catalog.Erasure;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Checkpoints;

namespace EmbeddingGrpc.Server.Models;

/// <summary>One stream of events and what is kept of it: fed to one model, or to several.</summary>
/// <param name="Log">The interactions on disk.</param>
/// <param name="State">What applying them makes: item keys, histories, counters.</param>
/// <param name="Applier">What moves the log into the state.</param>
/// <param name="Checkpoints">What keeps the state on disk.</param>
/// <param name="CatalogEditor">What changes the catalogue.</param>
/// <param name="Eraser">What erases users.</param>
internal sealed record ModelEvents(
    InteractionLog Log, AppliedState State, EventApplier Applier, CheckpointWorker Checkpoints, CatalogEditor CatalogEditor, UserEraser Eraser) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        await Applier.DisposeAsync();
        await Checkpoints.DisposeAsync();
        await Log.DisposeAsync();
        Eraser.Dispose();
    }
}
