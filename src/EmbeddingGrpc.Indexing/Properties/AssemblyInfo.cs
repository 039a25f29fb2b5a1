using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("EmbeddingGrpc.Indexing.Tests")]
[assembly: InternalsVisibleTo("EmbeddingGrpc.Benchmarks")]
// Its tests cut items off a graph, which nothing else can do.
[assembly: InternalsVisibleTo("EmbeddingGrpc.Server.Tests")]
