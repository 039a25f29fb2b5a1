using System.Globalization;
using System.Text;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Training.Word2vec;

namespace EmbeddingGrpc.Server.Models.Exchange;

/// <summary>A table of vectors that arrives as a word2vec file in pieces; ids must be such as items may have, each once. Not thread-safe.</summary>
public sealed class VectorUpload
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string _table;
    private readonly Word2vecReader _reader;
    private ImportedVectors? _vectors;

    /// <summary>Begins a table.</summary>
    /// <param name="table">Which it is, for messages.</param>
    /// <param name="format">Text or binary.</param>
    public VectorUpload(string table, Word2vecFormat format)
    {
        _table = table;
        _reader = new Word2vecReader(format, Add) { MaximumIdBytes = IdRules.MaximumBytes };
    }

    /// <summary>Whether any byte has arrived.</summary>
    public bool HasStarted => _reader.HasStarted;

    /// <summary>Takes the next piece of the file.</summary>
    /// <exception cref="VectorFormatException">It is not such a file; says where.</exception>
    public void Append(ReadOnlySpan<byte> piece)
    {
        try
        {
            _reader.Append(piece);
        }
        catch (Word2vecFormatException e)
        {
            throw new VectorFormatException(_table, e.Message);
        }
    }

    /// <summary>Ends the file.</summary>
    /// <returns>What it held.</returns>
    /// <exception cref="VectorFormatException">It is not whole.</exception>
    public ImportedVectors Complete()
    {
        try
        {
            _reader.Complete();
            return _vectors!;
        }
        catch (Word2vecFormatException e)
        {
            throw new VectorFormatException(_table, e.Message);
        }
    }

    private void Add(ReadOnlySpan<byte> utf8Id, ReadOnlySpan<float> values)
    {
        var id = ReadId(utf8Id);
        _vectors ??= new ImportedVectors(values.Length);
        if (!_vectors.TryAdd(id, out var row)) throw WrongRow($"item '{id}' is there twice");
        values.CopyTo(row.Value.Span);
    }

    private string ReadId(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var id = StrictUtf8.GetString(bytes);
            return IdRules.Check(id) is { } wrong ? throw WrongRow($"its id {wrong}") : id;
        }
        catch (DecoderFallbackException)
        {
            throw WrongRow("its id is not UTF-8");
        }
    }

    private VectorFormatException WrongRow(string what) => new(_table, string.Create(CultureInfo.InvariantCulture, $"row {_reader.Count + 1}: {what}"));
}
