namespace EmbeddingGrpc.Server.Catalog.Filters;

/// <summary>On a number: between two bounds, each in or out.</summary>
/// <param name="Attribute">Its name.</param>
/// <param name="Least">Lower bound; negative infinity for none.</param>
/// <param name="LeastIsIn">Whether the lower bound itself fits.</param>
/// <param name="Most">Upper bound; infinity for none.</param>
/// <param name="MostIsIn">Whether the upper bound itself fits.</param>
public sealed record NumberFilter(string Attribute, double Least, bool LeastIsIn, double Most, bool MostIsIn) : ItemFilter;
