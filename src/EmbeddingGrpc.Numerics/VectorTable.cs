namespace EmbeddingGrpc.Numerics;

/// <summary>
/// An immutable [rows, dimension] table of 32-bit floats, in native memory or mapped from a file. Any number of readers; its holder
/// disposes it after the last of them (a span alone keeps nothing alive).
/// </summary>
public sealed class VectorTable : IDisposable
{
    /// <summary>Number of rows.</summary>
    public int Rows => throw new NotImplementedException();

    /// <summary>Floats of a row.</summary>
    public int Dimension => throw new NotImplementedException();

    /// <summary>The values of one row, [dimension].</summary>
    public ReadOnlySpan<float> this[ItemOrdinal row] => throw new NotImplementedException();

    /// <summary>Takes ownership of a matrix, which must not be written to any more.</summary>
    public static VectorTable FromMatrix(EmbeddingMatrix matrix) => throw new NotImplementedException();

    /// <summary>Writes the table: a header with magic, version, shape and checksum, then the rows, 64-byte aligned in the file.</summary>
    public void Save(Stream destination) => throw new NotImplementedException();

    /// <summary>Maps a file written by <see cref="Save"/> after checking its checksum.</summary>
    /// <exception cref="InvalidDataException">Not such a file, an unknown version, truncated, or its checksum does not match; says which.</exception>
    public static VectorTable Open(string path) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}
