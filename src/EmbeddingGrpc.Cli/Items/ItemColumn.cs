namespace EmbeddingGrpc.Cli.Items;

/// <summary>Which column of a CSV file becomes which attribute.</summary>
/// <param name="Attribute">The attribute's name.</param>
/// <param name="Column">The column's name in the header.</param>
/// <param name="Kind">What it holds.</param>
internal sealed record ItemColumn(string Attribute, string Column, AttributeKind Kind);
