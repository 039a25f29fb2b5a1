using System.Buffers.Binary;
using System.Globalization;
using System.Numerics.Tensors;
using System.Text;

namespace EmbeddingGrpc.Training.Word2vec;

/// <summary>Reads vectors in a word2vec format that arrive in pieces of any length, row by row. Not thread-safe.</summary>
/// <param name="format">Text or binary.</param>
/// <param name="onRow">Takes each row as soon as it is there.</param>
public sealed class Word2vecReader(Word2vecFormat format, Word2vecRow onRow)
{
    private const int MaximumHeaderBytes = 64;

    // Generous: word2vec's own program writes 9 characters a value, and a float needs at most 15.
    private const int MaximumValueBytes = 64;

    private byte[] _pending = new byte[1 << 16];
    private int _start;
    private int _end;
    private float[] _values = [];

    /// <summary>Longest vector that is taken.</summary>
    public int MaximumDimension { get; init; } = 4096;

    /// <summary>Longest id that is taken, in bytes.</summary>
    public int MaximumIdBytes { get; init; } = IdTable.MaximumIdBytes;

    /// <summary>Whether any byte has arrived.</summary>
    public bool HasStarted { get; private set; }

    /// <summary>Rows that the first line promises; 0 until it has arrived.</summary>
    public long Promised { get; private set; }

    /// <summary>Floats of a vector; 0 until the first line has arrived.</summary>
    public int Dimension { get; private set; }

    /// <summary>Rows read.</summary>
    public long Count { get; private set; }

    /// <summary>Takes the next piece of the file.</summary>
    /// <exception cref="Word2vecFormatException">It is not such a file; says where.</exception>
    public void Append(ReadOnlySpan<byte> piece)
    {
        HasStarted |= !piece.IsEmpty;
        Keep(piece);
        if (Dimension == 0 && !TryReadHeader())
        {
            return;
        }

        while (TryReadRow(atEnd: false))
        {
        }
    }

    /// <summary>Ends the file.</summary>
    /// <exception cref="Word2vecFormatException">It is not whole.</exception>
    public void Complete()
    {
        if (Dimension == 0)
        {
            throw Wrong(HasStarted ? "it ends within its first line" : "it is empty");
        }

        while (TryReadRow(atEnd: true))
        {
        }

        if (Count < Promised)
        {
            throw Wrong($"its first line promises {Promised} items and it has {Count}");
        }
    }

    private void Keep(ReadOnlySpan<byte> piece)
    {
        if (_end + piece.Length > _pending.Length)
        {
            var rest = _pending.AsSpan(_start, _end - _start);
            byte[] target = rest.Length + piece.Length > _pending.Length ? new byte[Math.Max(_pending.Length * 2, rest.Length + piece.Length)] : _pending;
            rest.CopyTo(target);
            (_pending, _start, _end) = (target, 0, rest.Length);
        }

        piece.CopyTo(_pending.AsSpan(_end));
        _end += piece.Length;
    }

    private bool TryReadHeader()
    {
        var pending = _pending.AsSpan(_start, _end - _start);
        int length = pending[..Math.Min(pending.Length, MaximumHeaderBytes)].IndexOf((byte)'\n');
        if (length < 0 && pending.Length < MaximumHeaderBytes)
        {
            return false;
        }

        string text = Encoding.ASCII.GetString(pending[..Math.Max(0, length)]);
        string[] parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        long promised = 0;
        int dimension = 0;
        bool known = parts.Length == 2
            && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out promised)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out dimension);
        if (length < 0 || !known)
        {
            throw Wrong("its first line must be 'COUNT DIMENSION', as word2vec and gensim write it");
        }

        if (promised is < 1 or > int.MaxValue)
        {
            throw Wrong($"its first line promises {promised} items; must be 1..{int.MaxValue}");
        }

        if (dimension < 2 || dimension > MaximumDimension)
        {
            throw Wrong($"its first line says dimension {dimension}; must be 2..{MaximumDimension}");
        }

        _start += length + 1;
        _values = new float[dimension];
        (Promised, Dimension) = (promised, dimension);
        return true;
    }

    private bool TryReadRow(bool atEnd)
    {
        // A line end may follow a binary row (word2vec's program writes one, gensim does not), and a text file may end in empty lines.
        while (_start < _end && _pending[_start] is (byte)'\n' or (byte)'\r')
        {
            _start++;
        }

        var pending = _pending.AsSpan(_start, _end - _start);
        if (pending.IsEmpty)
        {
            return false;
        }

        if (Count == Promised)
        {
            throw Wrong($"it goes on after the {Promised} items that its first line promises");
        }

        int length = format == Word2vecFormat.Binary ? LengthOfBinaryRow(pending, atEnd) : LengthOfTextRow(pending, atEnd);
        if (length < 0)
        {
            return false;
        }

        ReadRow(pending[..length]);
        _start += length;
        return true;
    }

    private int LengthOfBinaryRow(ReadOnlySpan<byte> pending, bool atEnd)
    {
        int id = pending.IndexOf((byte)' ');
        if (id > MaximumIdBytes || (id < 0 && pending.Length > MaximumIdBytes))
        {
            throw WrongRow($"its id has more than {MaximumIdBytes} bytes");
        }

        int length = id + 1 + (Dimension * sizeof(float));
        if (id >= 0 && pending.Length >= length)
        {
            return length;
        }

        return atEnd ? throw WrongRow("it is cut short") : -1;
    }

    private int LengthOfTextRow(ReadOnlySpan<byte> pending, bool atEnd)
    {
        int length = pending.IndexOf((byte)'\n');
        if (length >= 0)
        {
            return length;
        }

        int longest = MaximumIdBytes + (Dimension * MaximumValueBytes);
        if (pending.Length > longest)
        {
            throw WrongRow($"it has more than {longest} characters: is the file binary?");
        }

        return atEnd ? pending.Length : -1;
    }

    private void ReadRow(ReadOnlySpan<byte> row)
    {
        int idLength = row.IndexOf((byte)' ');
        if (idLength <= 0)
        {
            throw WrongRow(idLength < 0 ? "it has an id and no values" : "its id is empty");
        }

        var id = row[..idLength];
        if (format == Word2vecFormat.Binary)
        {
            ReadBinary(row[(idLength + 1)..]);
        }
        else
        {
            ReadText(id, row[(idLength + 1)..]);
        }

        if (!TensorPrimitives.IsFiniteAll<float>(_values))
        {
            throw Wrong($"the vector of item '{Encoding.UTF8.GetString(id)}' has a value that is not finite");
        }

        onRow(id, _values);
        Count++;
    }

    private void ReadBinary(ReadOnlySpan<byte> bytes)
    {
        for (int at = 0; at < _values.Length; at++)
        {
            _values[at] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(at * sizeof(float))..]);
        }
    }

    private void ReadText(ReadOnlySpan<byte> id, ReadOnlySpan<byte> text)
    {
        int read = 0;
        foreach (var range in text.SplitAny(" \t\r"u8))
        {
            var value = text[range];
            if (value.IsEmpty)
            {
                continue;
            }

            if (read == _values.Length)
            {
                throw Wrong($"item '{Encoding.UTF8.GetString(id)}' has more than the {_values.Length} values that the first line promises");
            }

            if (!float.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _values[read++]))
            {
                throw Wrong($"item '{Encoding.UTF8.GetString(id)}' has '{Encoding.UTF8.GetString(value[..Math.Min(value.Length, MaximumValueBytes)])}' where a number should be");
            }
        }

        if (read < _values.Length)
        {
            throw Wrong($"item '{Encoding.UTF8.GetString(id)}' has {read} values where the first line promises {_values.Length}");
        }
    }

    private Word2vecFormatException WrongRow(string what) => Wrong(string.Create(CultureInfo.InvariantCulture, $"row {Count + 1}: {what}"));

    private static Word2vecFormatException Wrong(string description) => new(description);
}
