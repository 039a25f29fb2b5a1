using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Simulation;

/// <summary>What a simulated person does; when, the caller says.</summary>
internal readonly record struct SimulatedInteraction(string UserId, string ItemId, InteractionType Type);
