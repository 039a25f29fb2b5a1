using System.Runtime.CompilerServices;

// Indexing walks rows by pointer; everyone else sees spans.
[assembly: InternalsVisibleTo("EmbeddingGrpc.Indexing")]
[assembly: InternalsVisibleTo("EmbeddingGrpc.Numerics.Tests")]
[assembly: InternalsVisibleTo("EmbeddingGrpc.Benchmarks")]
