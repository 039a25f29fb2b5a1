using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Models;

/// <summary>One stream of events and what is kept of it: fed to one model, or to several.</summary>
/// <param name="Log">The interactions on disk.</param>
/// <param name="Items">The item keys.</param>
/// <param name="Histories">The users' recent histories.</param>
/// <param name="Applier">What moves the log into the histories.</param>
internal sealed record ModelEvents(InteractionLog Log, ItemKeys Items, UserHistories Histories, EventApplier Applier) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        await Applier.DisposeAsync();
        await Log.DisposeAsync();
    }
}
