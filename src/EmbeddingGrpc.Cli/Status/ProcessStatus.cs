namespace EmbeddingGrpc.Cli.Status;

/// <summary>The daemon's process.</summary>
/// <param name="WorkingSetBytes">Memory in use.</param>
/// <param name="HeapBytes">Of which .NET's heap, after the last collection.</param>
/// <param name="VectorBytes">Vectors of the serving generations.</param>
/// <param name="IndexBytes">Indexes of the serving generations.</param>
/// <param name="CpuSeconds">Processor time since its start.</param>
internal sealed record ProcessStatus(double WorkingSetBytes, double HeapBytes, double VectorBytes, double IndexBytes, double CpuSeconds);
