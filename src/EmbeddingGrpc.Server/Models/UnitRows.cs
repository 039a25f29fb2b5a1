using System.Numerics.Tensors;

namespace EmbeddingGrpc.Server.Models;

/// <summary>Rows at unit length: their products are cosines. Stateless.</summary>
internal static class UnitRows
{
    /// <summary>Copies a row at unit length; a zero row stays zero.</summary>
    public static void Copy(ReadOnlySpan<float> row, Span<float> unit)
    {
        var length = TensorPrimitives.Norm(row);
        if (length > 0) TensorPrimitives.Divide(row, length, unit);
        else unit.Clear();
    }
}
