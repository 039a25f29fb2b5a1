using System.Buffers;
using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text;

namespace EmbeddingGrpc.Training.Word2vec;

/// <summary>Reads vectors from a stream in a word2vec format, row by row. Not thread-safe.</summary>
public sealed class Word2vecReader
{
    private const int MaximumHeaderBytes = 64;
    private const int MaximumValueBytes = 64;

    private static readonly SearchValues<byte> TextValueBytes = SearchValues.Create("0123456789+-.eE \t\rnaifNIF"u8);

    private readonly ByteReader _bytes;
    private readonly string _name;
    private readonly Word2vecFormat _format;
    private readonly float[] _vector;
    private byte[] _id = new byte[256];
    private int _idLength;

    /// <summary>Reads the header.</summary>
    /// <param name="source">Stays open.</param>
    /// <param name="name">Of the file, for messages.</param>
    /// <param name="format">Text or binary; null finds out from the first row.</param>
    /// <exception cref="InvalidDataException">The header is not <c>count dimension</c>.</exception>
    public Word2vecReader(Stream source, string name, Word2vecFormat? format = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        _name = name;
        _bytes = new ByteReader(source);
        (Count, Dimension) = ReadHeader();
        _vector = new float[Dimension];
        _format = format ?? GuessFormat();
    }

    /// <summary>Rows of the file.</summary>
    public int Count { get; }

    /// <summary>Values of a row.</summary>
    public int Dimension { get; }

    /// <summary>Rows read so far.</summary>
    public int Position { get; private set; }

    /// <summary>The id of the row read last, in UTF-8. Overwritten by the next row.</summary>
    public ReadOnlySpan<byte> Id => _id.AsSpan(0, _idLength);

    /// <summary>The values of the row read last, [dimension], all finite. Overwritten by the next row.</summary>
    public ReadOnlySpan<float> Vector => _vector;

    /// <summary>Reads the next row.</summary>
    /// <returns>False after the last.</returns>
    /// <exception cref="InvalidDataException">The row is short or long, a value is not a finite number, or rows are missing or too many; says which and where.</exception>
    public bool Read()
    {
        SkipLineEnds();
        if (Position == Count)
        {
            if (_bytes.Peek() >= 0)
            {
                throw new InvalidDataException($"'{_name}' goes on after the {Count} rows of its header.");
            }

            return false;
        }

        ReadId();
        if (_format == Word2vecFormat.Binary)
        {
            ReadBinaryValues();
        }
        else
        {
            ReadTextValues();
        }

        Position++;
        return true;
    }

    private string Row => $"'{_name}' row {Position + 1} of {Count} ('{Encoding.UTF8.GetString(Id)}')";

    private (int Count, int Dimension) ReadHeader()
    {
        var line = new List<byte>();
        int next;
        while ((next = _bytes.Read()) >= 0 && next != '\n' && line.Count <= MaximumHeaderBytes)
        {
            line.Add((byte)next);
        }

        string header = Encoding.UTF8.GetString(CollectionsMarshal.AsSpan(line)).Trim();
        string[] parts = header.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length != 2 || !int.TryParse(parts[0], out int count) || !int.TryParse(parts[1], out int dimension) || count < 0 || dimension is < 1 or > 1 << 16)
        {
            throw new InvalidDataException($"'{_name}' is not a word2vec file: its first line should be 'count dimension' and is '{header}'.");
        }

        return (count, dimension);
    }

    private void SkipLineEnds()
    {
        while (_bytes.Peek() is '\n' or '\r')
        {
            _bytes.Read();
        }
    }

    private void ReadId()
    {
        _idLength = 0;
        int next;
        while ((next = _bytes.Read()) >= 0 && next != ' ')
        {
            if (_idLength == IdTable.MaximumIdBytes || next == '\n')
            {
                throw new InvalidDataException($"{Row}: no space after the id.");
            }

            if (_idLength == _id.Length)
            {
                Array.Resize(ref _id, _id.Length * 2);
            }

            _id[_idLength++] = (byte)next;
        }

        if (next < 0)
        {
            throw new InvalidDataException(_idLength == 0
                ? $"'{_name}' ends after {Position} of the {Count} rows of its header."
                : $"{Row}: the file ends within the row.");
        }

        if (_idLength == 0)
        {
            throw new InvalidDataException($"{Row}: an empty id.");
        }
    }

    private void ReadBinaryValues()
    {
        var bytes = MemoryMarshal.AsBytes(_vector.AsSpan());
        int read = _bytes.Read(bytes);
        if (read < bytes.Length)
        {
            throw new InvalidDataException($"{Row}: the file ends after {read / sizeof(float)} of its {Dimension} values.");
        }

        for (int i = 0; i < _vector.Length; i++)
        {
            ThrowIfNotFinite(i, _vector[i]);
        }
    }

    private void ReadTextValues()
    {
        Span<byte> text = stackalloc byte[MaximumValueBytes];
        int found = 0;
        bool ended = false;
        while (!ended)
        {
            int length = 0;
            int next;
            while ((next = _bytes.Read()) >= 0 && next is not (' ' or '\t' or '\n' or '\r') && length < text.Length)
            {
                text[length++] = (byte)next;
            }

            ended = next is < 0 or '\n';
            if (length > 0)
            {
                ReadTextValue(text[..length], found++);
            }
        }

        if (found < Dimension)
        {
            throw new InvalidDataException($"{Row}: {found} of its {Dimension} values.");
        }
    }

    private void ReadTextValue(ReadOnlySpan<byte> text, int index)
    {
        if (index == Dimension)
        {
            throw new InvalidDataException($"{Row}: more than its {Dimension} values. An id with a space in it cannot be read.");
        }

        if (!Utf8Parser.TryParse(text, out float value, out int used) || used != text.Length)
        {
            throw new InvalidDataException($"{Row}: value {index + 1} is '{Encoding.UTF8.GetString(text)}', not a number.");
        }

        ThrowIfNotFinite(index, value);
        _vector[index] = value;
    }

    private void ThrowIfNotFinite(int index, float value)
    {
        if (!float.IsFinite(value))
        {
            throw new InvalidDataException($"{Row}: value {index + 1} is {value}; vectors must be finite.");
        }
    }

    /// <summary>Text if what follows the first id, up to the end of its line, looks like numbers, and what follows that like text.</summary>
    private Word2vecFormat GuessFormat()
    {
        var ahead = _bytes.PeekBlock();
        int space = ahead.IndexOf((byte)' ');
        var values = space < 0 ? default : ahead[(space + 1)..];
        int end = values.IndexOf((byte)'\n');
        var line = (end < 0 ? values : values[..end]).TrimEnd(" \r"u8);
        if (line.IsEmpty || line.IndexOfAnyExcept(TextValueBytes) >= 0) return Word2vecFormat.Binary;
        // The bytes of a value may happen to be digits and a line end; those of all values of a row are hardly ever.
        return end < 0 || LooksLikeText(values[..Math.Min(values.Length, (int)Math.Min((long)sizeof(float) * Dimension, int.MaxValue))]) ? Word2vecFormat.Text : Word2vecFormat.Binary;
    }

    private static bool LooksLikeText(ReadOnlySpan<byte> bytes)
    {
        // The last character may be cut.
        const int longestCharacter = 4;
        for (int cut = 0; cut < longestCharacter && cut <= bytes.Length; cut++)
        {
            if (System.Text.Unicode.Utf8.IsValid(bytes[..^cut])) return bytes.IndexOfAnyInRange((byte)0, (byte)8) < 0;
        }

        return false;
    }
}
