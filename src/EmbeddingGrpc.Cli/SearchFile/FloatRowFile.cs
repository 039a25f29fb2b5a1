using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Cli.SearchFile;

/// <summary>Reads a file of raw little-endian 32-bit floats, row after row, without a header.</summary>
internal static class FloatRowFile
{
    /// <summary>Reads rows into a table.</summary>
    /// <param name="path">The file.</param>
    /// <param name="dimension">Floats of a row.</param>
    /// <param name="most">How many at most, the first ones; 0 for all.</param>
    /// <param name="cancellationToken">Checked between rows.</param>
    /// <exception cref="CommandFailedException">The file is empty, does not hold whole rows, or has a value that is not finite; says where.</exception>
    public static VectorTable Read(string path, int dimension, int most, CancellationToken cancellationToken)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.SequentialScan);
        var rowBytes = (long)dimension * sizeof(float);
        if (stream.Length == 0) throw new CommandFailedException($"{path}: is empty; expected rows of {dimension} little-endian 32-bit floats");
        if (stream.Length % rowBytes != 0)
        {
            throw new CommandFailedException(
                $"{path}: has {stream.Length} bytes, which is no whole number of rows of {dimension} floats ({rowBytes} bytes); check --dimension");
        }
        if (stream.Length / rowBytes > int.MaxValue - 64)
        {
            throw new CommandFailedException($"{path}: has {stream.Length / rowBytes} rows; an index holds {int.MaxValue - 64} at most");
        }

        var count = (int)(stream.Length / rowBytes);
        var matrix = new EmbeddingMatrix(most > 0 ? Math.Min(most, count) : count, dimension);
        try
        {
            for (var row = 0; row < matrix.Rows; row++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                ReadRow(stream, matrix[new ItemOrdinal(row)], path, row);
            }
            return VectorTable.FromMatrix(matrix);
        }
        catch
        {
            matrix.Dispose();
            throw;
        }
    }

    /// <summary>Reads all rows and writes them to a file that <see cref="VectorTable.Open"/> maps.</summary>
    /// <param name="path">The file that is read.</param>
    /// <param name="dimension">Floats of a row.</param>
    /// <param name="mapped">The file that is written.</param>
    /// <param name="cancellationToken">Checked between rows.</param>
    /// <inheritdoc cref="Read" path="/exception"/>
    public static void WriteMappable(string path, int dimension, string mapped, CancellationToken cancellationToken)
    {
        // A file that may be mapped elsewhere is replaced, never written to.
        var unfinished = mapped + ".tmp";
        using (var rows = Read(path, dimension, most: 0, cancellationToken))
        using (var stream = File.Create(unfinished))
        {
            rows.Save(stream);
        }

        File.Move(unfinished, mapped, overwrite: true);
    }

    private static void ReadRow(FileStream stream, Span<float> values, string path, int row)
    {
        stream.ReadExactly(MemoryMarshal.AsBytes(values));
        if (!BitConverter.IsLittleEndian)
        {
            var bits = MemoryMarshal.Cast<float, int>(values);
            BinaryPrimitives.ReverseEndianness(bits, bits);
        }
        if (TensorPrimitives.IsFiniteAll(values)) return;
        var at = 0;
        while (float.IsFinite(values[at])) at++;
        throw new CommandFailedException($"{path}: row {row} has a value that is not finite at position {at}");
    }
}
