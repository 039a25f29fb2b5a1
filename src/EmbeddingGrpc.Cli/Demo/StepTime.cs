namespace EmbeddingGrpc.Cli.Demo;

/// <summary>One step and how long it took.</summary>
/// <param name="Name">What was done.</param>
/// <param name="Seconds">Wall clock.</param>
/// <param name="Detail">What came of it, in a few words.</param>
internal readonly record struct StepTime(string Name, double Seconds, string Detail = "");
