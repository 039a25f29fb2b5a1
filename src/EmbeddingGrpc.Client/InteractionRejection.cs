namespace EmbeddingGrpc.Client;

/// <summary>An interaction that the daemon refused. Its neighbours are not affected, and sending it again would not help.</summary>
/// <param name="Number">The number under which it was sent.</param>
/// <param name="Field">The field at fault, as named in the protocol: <c>user_id</c>, <c>event_time_ms</c>, ...</param>
/// <param name="Reason">What is wrong, and what would be right.</param>
public readonly record struct InteractionRejection(ulong Number, string Field, string Reason);
