using System.Numerics.Tensors;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Models;

/// <summary>Rows at unit length: their products are cosines. Stateless.</summary>
internal static class UnitRows
{
    /// <summary>Every row of a matrix at unit length, in a matrix of its own that the caller owns.</summary>
    public static EmbeddingMatrix Of(EmbeddingMatrix matrix)
    {
        var unit = new EmbeddingMatrix(matrix.Rows, matrix.Dimension);
        for (var row = 0; row < matrix.Rows; row++) Copy(matrix[new ItemOrdinal(row)], unit[new ItemOrdinal(row)]);
        return unit;
    }

    /// <summary>Copies a row at unit length; a zero row stays zero.</summary>
    public static void Copy(ReadOnlySpan<float> row, Span<float> unit)
    {
        var length = TensorPrimitives.Norm(row);
        if (length > 0) TensorPrimitives.Divide(row, length, unit);
        else unit.Clear();
    }
}
