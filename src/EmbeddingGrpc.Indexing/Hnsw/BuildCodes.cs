using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Indexing.Quantization;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>What a graph is built with: the codes that walks read, and what links are chosen by. Of all builder threads.</summary>
/// <param name="Rows">One row of codes for every item.</param>
/// <param name="QueryOf">Makes a query of an item, as it lies among the rows.</param>
/// <param name="SpaceOf">What a thread measures distances between items with.</param>
/// <param name="HalfNormOf">
/// Half the squared norm of an item in the space of the links, where the keys of a walk give the distances that links are chosen by; null
/// where these are measured anew.
/// </param>
/// <param name="LeastLinks">Links that a new node gets at least: <see cref="NeighborSelection.LeastLinks"/>.</param>
/// <param name="ExpandedShare">Share of a walk's pool whose neighbours are looked at, the nearest.</param>
/// <typeparam name="TSpace">Measures distances between items.</typeparam>
internal sealed record BuildCodes<TSpace>(
    CodeRows Rows, Func<int, SearchScratch, QueryCode> QueryOf, Func<SearchScratch, TSpace> SpaceOf, Func<int, float>? HalfNormOf, int LeastLinks, double ExpandedShare)
    where TSpace : struct, IDistanceSpace;
