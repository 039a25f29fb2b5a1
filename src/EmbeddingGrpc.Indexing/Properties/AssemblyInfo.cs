using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("EmbeddingGrpc.Indexing.Tests")]
[assembly: InternalsVisibleTo("EmbeddingGrpc.Benchmarks")]
