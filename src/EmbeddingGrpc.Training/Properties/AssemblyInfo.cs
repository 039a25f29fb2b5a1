using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("EmbeddingGrpc.Training.Tests")]
