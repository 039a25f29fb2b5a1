using System.Buffers.Binary;
using System.Globalization;
using System.Numerics.Tensors;
using System.Text;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Models.Exchange;

/// <summary>Reads a word2vec file that arrives in pieces. Not thread-safe.</summary>
/// <param name="table">Which table it is, for messages.</param>
/// <param name="format">Text or binary.</param>
public sealed class Word2vecReader(string table, VectorFormat format)
{
    /// <summary>Longest vector.</summary>
    public const int MaximumDimension = 4096;

    private const int MaximumHeaderBytes = 64;

    // Generous: word2vec's own program writes 9 characters a value, and a float needs at most 15.
    private const int MaximumValueBytes = 64;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private byte[] _pending = new byte[1 << 16];
    private int _start;
    private int _end;
    private long _promised;
    private ImportedVectors? _vectors;

    /// <summary>Whether any byte has arrived.</summary>
    public bool HasStarted { get; private set; }

    /// <summary>Takes the next piece of the file.</summary>
    /// <exception cref="VectorFormatException">It is not such a file; says where.</exception>
    public void Append(ReadOnlySpan<byte> piece)
    {
        HasStarted |= !piece.IsEmpty;
        Keep(piece);
        _vectors ??= ReadHeader();
        if (_vectors is null) return;
        while (TryReadRow(_vectors, atEnd: false))
        {
        }
    }

    /// <summary>Ends the file.</summary>
    /// <returns>What it held.</returns>
    /// <exception cref="VectorFormatException">It is not whole.</exception>
    public ImportedVectors Complete()
    {
        if (_vectors is null) throw Wrong(HasStarted ? "it ends within its first line" : "it is empty");
        while (TryReadRow(_vectors, atEnd: true))
        {
        }

        if (_vectors.Count < _promised) throw Wrong($"its first line promises {_promised} items and it has {_vectors.Count}");
        return _vectors;
    }

    private void Keep(ReadOnlySpan<byte> piece)
    {
        if (_end + piece.Length > _pending.Length)
        {
            var rest = _pending.AsSpan(_start, _end - _start);
            var target = rest.Length + piece.Length > _pending.Length ? new byte[Math.Max(_pending.Length * 2, rest.Length + piece.Length)] : _pending;
            rest.CopyTo(target);
            (_pending, _start, _end) = (target, 0, rest.Length);
        }

        piece.CopyTo(_pending.AsSpan(_end));
        _end += piece.Length;
    }

    private ImportedVectors? ReadHeader()
    {
        var pending = _pending.AsSpan(_start, _end - _start);
        var length = pending[..Math.Min(pending.Length, MaximumHeaderBytes)].IndexOf((byte)'\n');
        if (length < 0 && pending.Length < MaximumHeaderBytes) return null;
        var text = Encoding.ASCII.GetString(pending[..Math.Max(0, length)]);
        var parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var dimension = 0;
        var known = parts.Length == 2
            && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out _promised)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out dimension);
        if (length < 0 || !known) throw Wrong("its first line must be 'COUNT DIMENSION', as word2vec and gensim write it");
        if (_promised is < 1 or > int.MaxValue) throw Wrong($"its first line promises {_promised} items; must be 1..{int.MaxValue}");
        if (dimension is < 2 or > MaximumDimension) throw Wrong($"its first line says dimension {dimension}; must be 2..{MaximumDimension}");
        _start += length + 1;
        return new ImportedVectors(dimension);
    }

    private bool TryReadRow(ImportedVectors vectors, bool atEnd)
    {
        // A line end may follow a binary row (word2vec's program writes one, gensim does not), and a text file may end in empty lines.
        while (_start < _end && _pending[_start] is (byte)'\n' or (byte)'\r') _start++;
        var pending = _pending.AsSpan(_start, _end - _start);
        if (pending.IsEmpty) return false;
        if (vectors.Count == _promised) throw Wrong($"it goes on after the {_promised} items that its first line promises");
        var length = format == VectorFormat.Word2vecBinary ? LengthOfBinaryRow(pending, vectors, atEnd) : LengthOfTextRow(pending, vectors, atEnd);
        if (length < 0) return false;
        ReadRow(pending[..length], vectors);
        _start += length;
        return true;
    }

    private int LengthOfBinaryRow(ReadOnlySpan<byte> pending, ImportedVectors vectors, bool atEnd)
    {
        var id = pending.IndexOf((byte)' ');
        if (id > IdRules.MaximumBytes || (id < 0 && pending.Length > IdRules.MaximumBytes)) throw WrongRow(vectors, $"its id has more than {IdRules.MaximumBytes} bytes");
        var length = id + 1 + (vectors.Dimension * sizeof(float));
        if (id >= 0 && pending.Length >= length) return length;
        return atEnd ? throw WrongRow(vectors, "it is cut short") : -1;
    }

    private int LengthOfTextRow(ReadOnlySpan<byte> pending, ImportedVectors vectors, bool atEnd)
    {
        var length = pending.IndexOf((byte)'\n');
        if (length >= 0) return length;
        var longest = IdRules.MaximumBytes + (vectors.Dimension * MaximumValueBytes);
        if (pending.Length > longest) throw WrongRow(vectors, $"it has more than {longest} characters: is the file binary?");
        return atEnd ? pending.Length : -1;
    }

    private void ReadRow(ReadOnlySpan<byte> row, ImportedVectors vectors)
    {
        var idLength = row.IndexOf((byte)' ');
        if (idLength < 0) throw WrongRow(vectors, "it has an id and no values");
        var id = ReadId(row[..idLength], vectors);
        if (!vectors.TryAdd(id, out var values)) throw WrongRow(vectors, $"item '{id}' is there twice");
        var read = values.Value.Span;
        if (format == VectorFormat.Word2vecBinary) ReadBinary(row[(idLength + 1)..], read);
        else ReadText(id, row[(idLength + 1)..], read);
        if (!TensorPrimitives.IsFiniteAll<float>(read)) throw Wrong($"the vector of item '{id}' has a value that is not finite");
    }

    private string ReadId(ReadOnlySpan<byte> bytes, ImportedVectors vectors)
    {
        try
        {
            var id = StrictUtf8.GetString(bytes);
            return IdRules.Check(id) is { } wrong ? throw WrongRow(vectors, $"its id {wrong}") : id;
        }
        catch (DecoderFallbackException)
        {
            throw WrongRow(vectors, "its id is not UTF-8");
        }
    }

    private static void ReadBinary(ReadOnlySpan<byte> bytes, Span<float> values)
    {
        for (var at = 0; at < values.Length; at++) values[at] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(at * sizeof(float))..]);
    }

    private void ReadText(string id, ReadOnlySpan<byte> text, Span<float> values)
    {
        var read = 0;
        foreach (var range in text.SplitAny(" \t\r"u8))
        {
            var value = text[range];
            if (value.IsEmpty) continue;
            if (read == values.Length) throw Wrong($"item '{id}' has more than the {values.Length} values that the first line promises");
            if (!float.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out values[read++]))
            {
                throw Wrong($"item '{id}' has '{Encoding.UTF8.GetString(value[..Math.Min(value.Length, MaximumValueBytes)])}' where a number should be");
            }
        }

        if (read < values.Length) throw Wrong($"item '{id}' has {read} values where the first line promises {values.Length}");
    }

    private VectorFormatException WrongRow(ImportedVectors vectors, string what) =>
        Wrong(string.Create(CultureInfo.InvariantCulture, $"row {vectors.Count + 1}: {what}"));

    private VectorFormatException Wrong(string description) => new(table, description);
}
