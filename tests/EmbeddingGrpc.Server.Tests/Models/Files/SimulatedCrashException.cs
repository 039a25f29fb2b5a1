namespace EmbeddingGrpc.Server.Tests.Models.Files;

/// <summary>Stands for the end of the process: nothing may catch it and clean up.</summary>
internal sealed class SimulatedCrashException : Exception;
