namespace EmbeddingGrpc.Client;

internal static class AssemblyMarker;
