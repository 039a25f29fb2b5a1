using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models.Exchange;

/// <summary>Writes items and vectors as a word2vec file, in chunks. Immutable; any number of threads.</summary>
/// <remarks>
/// The same bytes as gensim's <c>save_word2vec_format</c>, but for text values, which are the shortest that read back to the same float.
/// </remarks>
public sealed class Word2vecWriter
{
    private const int ChunkBytes = 64 * 1024;
    private const byte Space = (byte)' ';

    private readonly Vocabulary _vocabulary;
    private readonly VectorTable _vectors;
    private readonly VectorFormat _format;
    private readonly string _spaceReplacement;

    /// <summary>Prepares writing.</summary>
    /// <param name="vocabulary">The items, in the order of the rows.</param>
    /// <param name="vectors">[items, dimension]. The caller keeps it alive while it is written.</param>
    /// <param name="format">Text or binary.</param>
    /// <param name="spaceReplacement">Written for each space in an id; empty to refuse such ids. The format ends an id at its first space.</param>
    /// <exception cref="VectorExportException">An id has a space, or would be another's after the replacement.</exception>
    public Word2vecWriter(Vocabulary vocabulary, VectorTable vectors, VectorFormat format, string spaceReplacement)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        ArgumentNullException.ThrowIfNull(vectors);
        ArgumentNullException.ThrowIfNull(spaceReplacement);
        _vocabulary = vocabulary;
        _vectors = vectors;
        _format = format;
        _spaceReplacement = spaceReplacement;
        RequireWritableIds();
    }

    /// <summary>The file, in chunks of some 64 KiB. Each is valid until the next is asked for.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Chunks()
    {
        var buffer = new ArrayBufferWriter<byte>(ChunkBytes * 2);
        WriteText(buffer, string.Create(CultureInfo.InvariantCulture, $"{_vectors.Rows} {_vectors.Dimension}\n"));
        for (var row = 0; row < _vectors.Rows; row++)
        {
            WriteRow(buffer, new ItemOrdinal(row));
            if (buffer.WrittenCount < ChunkBytes) continue;
            yield return buffer.WrittenMemory;
            buffer.ResetWrittenCount();
        }

        if (buffer.WrittenCount > 0) yield return buffer.WrittenMemory;
    }

    private void WriteRow(ArrayBufferWriter<byte> buffer, ItemOrdinal item)
    {
        WriteId(buffer, _vocabulary.Utf8IdOf(item));
        if (_format == VectorFormat.Word2vecBinary) WriteBinary(buffer, _vectors[item]);
        else WriteText(buffer, _vectors[item]);
    }

    private void WriteId(ArrayBufferWriter<byte> buffer, ReadOnlySpan<byte> id)
    {
        if (id.Contains(Space)) WriteText(buffer, Replaced(id));
        else buffer.Write(id);
    }

    private static void WriteBinary(ArrayBufferWriter<byte> buffer, ReadOnlySpan<float> values)
    {
        buffer.Write([Space]);
        var bytes = buffer.GetSpan(values.Length * sizeof(float));
        for (var at = 0; at < values.Length; at++) BinaryPrimitives.WriteSingleLittleEndian(bytes[(at * sizeof(float))..], values[at]);
        buffer.Advance(values.Length * sizeof(float));
    }

    private static void WriteText(ArrayBufferWriter<byte> buffer, ReadOnlySpan<float> values)
    {
        const int LongestFloat = 32;
        foreach (var value in values)
        {
            var bytes = buffer.GetSpan(LongestFloat);
            bytes[0] = Space;
            value.TryFormat(bytes[1..], out var written, provider: CultureInfo.InvariantCulture);
            buffer.Advance(written + 1);
        }

        buffer.Write("\n"u8);
    }

    private static void WriteText(ArrayBufferWriter<byte> buffer, string text) => Encoding.UTF8.GetBytes(text, buffer);

    private string Replaced(ReadOnlySpan<byte> id) => Encoding.UTF8.GetString(id).Replace(" ", _spaceReplacement, StringComparison.Ordinal);

    private void RequireWritableIds()
    {
        if (_spaceReplacement.Contains(' ')) throw new VectorExportException("The replacement of spaces has a space itself.");
        var replaced = new HashSet<string>(StringComparer.Ordinal);
        for (var row = 0; row < _vocabulary.Count; row++)
        {
            var id = _vocabulary.Utf8IdOf(new ItemOrdinal(row));
            if (!id.Contains(Space)) continue;
            var text = Encoding.UTF8.GetString(id);
            if (_spaceReplacement.Length == 0)
            {
                throw new VectorExportException($"Item id '{text}' has a space, where word2vec files end an id. Say what to write instead of spaces (space_replacement, such as '_').");
            }

            var without = Replaced(id);
            if (_vocabulary.TryGetOrdinal(without, out _) || !replaced.Add(without))
            {
                throw new VectorExportException($"Item id '{text}' would be written as '{without}', which is another item's. Choose another space_replacement.");
            }
        }
    }
}
