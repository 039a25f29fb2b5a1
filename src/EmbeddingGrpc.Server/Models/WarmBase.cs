using EmbeddingGrpc.Server.Models.Retraining;

namespace EmbeddingGrpc.Server.Models;

/// <summary>What a warm start goes on from.</summary>
/// <param name="Restart">How it does.</param>
/// <param name="Generation">What serves; leased for as long.</param>
internal sealed record WarmBase(WarmRestart Restart, Generation Generation);
