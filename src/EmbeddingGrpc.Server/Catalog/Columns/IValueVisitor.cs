namespace EmbeddingGrpc.Server.Catalog.Columns;

/// <summary>Looks at the values of a column one after the other. A struct, so that a call of it costs nothing.</summary>
internal interface IValueVisitor<T>
{
    /// <summary>Looks at a value.</summary>
    /// <param name="index">Its index.</param>
    /// <param name="value">The value, which may stand for none.</param>
    /// <returns>False to see no more.</returns>
    bool Visit(int index, T value);
}
