using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace EmbeddingGrpc.Training.Word2vec;

/// <summary>
/// Writes vectors to a stream in a word2vec format, row by row. Values are written so that they read back as the same floats. Not
/// thread-safe.
/// </summary>
public sealed class Word2vecWriter : IDisposable
{
    // Enough for any float in its shortest form that reads back the same, and the space before it.
    private const int MaximumValueBytes = 32;

    private readonly Stream _destination;
    private readonly Word2vecFormat _format;
    private readonly int _dimension;
    private readonly int _count;
    private readonly byte[] _buffer = new byte[1 << 16];
    private int _used;
    private int _written;

    /// <summary>Writes the header.</summary>
    /// <param name="destination">Stays open.</param>
    /// <param name="format">Text or binary.</param>
    /// <param name="count">Rows that will be written.</param>
    /// <param name="dimension">Values of a row.</param>
    public Word2vecWriter(Stream destination, Word2vecFormat format, int count, int dimension)
    {
        ArgumentNullException.ThrowIfNull(destination);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dimension);
        _destination = destination;
        _format = format;
        _count = count;
        _dimension = dimension;
        Append(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{count} {dimension}\n")));
    }

    /// <summary>Writes a row.</summary>
    /// <param name="id">In UTF-8; not empty and without white space, which both formats end an id with.</param>
    /// <param name="values">[dimension].</param>
    /// <exception cref="ArgumentException">The id cannot be written, the values have the wrong length, or the row is one too many; says which.</exception>
    public void Write(ReadOnlySpan<byte> id, ReadOnlySpan<float> values)
    {
        if (id.IsEmpty || id.IndexOfAny(" \t\r\n"u8) >= 0)
        {
            throw new ArgumentException($"The id '{Encoding.UTF8.GetString(id)}' is empty or has white space in it; a word2vec file cannot hold it.", nameof(id));
        }

        if (values.Length != _dimension)
        {
            throw new ArgumentException($"The row of '{Encoding.UTF8.GetString(id)}' has {values.Length} values, the file's rows have {_dimension}.", nameof(values));
        }

        if (_written == _count)
        {
            throw new ArgumentException($"'{Encoding.UTF8.GetString(id)}' is row {_written + 1} of a file of {_count}.", nameof(id));
        }

        Append(id);
        if (_format == Word2vecFormat.Binary)
        {
            Append(" "u8);
            Append(MemoryMarshal.AsBytes(values));
        }
        else
        {
            foreach (float value in values)
            {
                AppendValue(value);
            }

            Append("\n"u8);
        }

        _written++;
    }

    /// <summary>Hands everything written to the stream.</summary>
    /// <exception cref="InvalidOperationException">Rows are missing.</exception>
    public void Complete()
    {
        if (_written != _count)
        {
            throw new InvalidOperationException($"The file has {_written} of the {_count} rows of its header.");
        }

        Flush();
        _destination.Flush();
    }

    /// <summary>Hands what was written to the stream, which stays open, complete or not.</summary>
    public void Dispose() => Flush();

    private void AppendValue(float value)
    {
        if (_used + MaximumValueBytes > _buffer.Length)
        {
            Flush();
        }

        _buffer[_used++] = (byte)' ';
        if (!value.TryFormat(_buffer.AsSpan(_used), out int length, default, CultureInfo.InvariantCulture))
        {
            throw new InvalidOperationException($"{value} does not fit {MaximumValueBytes} bytes.");
        }

        _used += length;
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _buffer.Length - _used)
        {
            Flush();
            if (bytes.Length > _buffer.Length)
            {
                _destination.Write(bytes);
                return;
            }
        }

        bytes.CopyTo(_buffer.AsSpan(_used));
        _used += bytes.Length;
    }

    private void Flush()
    {
        _destination.Write(_buffer, 0, _used);
        _used = 0;
    }
}
