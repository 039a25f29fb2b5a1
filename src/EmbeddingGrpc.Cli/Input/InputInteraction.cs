using EmbeddingGrpc.Client;

namespace EmbeddingGrpc.Cli.Input;

/// <summary>One interaction and the line of the file that it came from, counted from 1.</summary>
internal readonly record struct InputInteraction(UserInteraction Interaction, long Line);
