using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("EmbeddingGrpc.EventLog.Tests")]
[assembly: InternalsVisibleTo("EmbeddingGrpc.Benchmarks")]
