using System.Text;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Training;
using EmbeddingGrpc.Training.Word2vec;

namespace EmbeddingGrpc.Server.Models.Exchange;

/// <summary>Items and vectors as a word2vec file, in chunks. Immutable; any number of threads.</summary>
public sealed class VectorDownload
{
    private const int ChunkBytes = 64 * 1024;
    private const byte Space = (byte)' ';

    private readonly Vocabulary _vocabulary;
    private readonly VectorTable _vectors;
    private readonly Word2vecFormat _format;
    private readonly string _spaceReplacement;

    /// <summary>Prepares writing.</summary>
    /// <param name="vocabulary">The items, in the order of the rows.</param>
    /// <param name="vectors">[items, dimension]. The caller keeps it alive while it is written.</param>
    /// <param name="format">Text or binary.</param>
    /// <param name="spaceReplacement">Written for each space in an id; empty to refuse such ids. The format ends an id at its first space.</param>
    /// <exception cref="VectorExportException">An id has a space, or would be another's after the replacement.</exception>
    public VectorDownload(Vocabulary vocabulary, VectorTable vectors, Word2vecFormat format, string spaceReplacement)
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
        using var chunk = new MemoryStream(ChunkBytes * 2);
        using var writer = new Word2vecWriter(chunk, _format, _vectors.Rows, _vectors.Dimension);
        for (var row = 0; row < _vectors.Rows; row++)
        {
            WriteRow(writer, new ItemOrdinal(row));
            if (chunk.Length < ChunkBytes) continue;
            yield return Written(chunk);
            chunk.SetLength(0);
        }

        writer.Complete();
        if (chunk.Length > 0) yield return Written(chunk);
    }

    private void WriteRow(Word2vecWriter writer, ItemOrdinal item)
    {
        var id = _vocabulary.Utf8IdOf(item);
        writer.Write(id.Contains(Space) ? Encoding.UTF8.GetBytes(Replaced(id)) : id, _vectors[item]);
    }

    private static ReadOnlyMemory<byte> Written(MemoryStream chunk) => chunk.GetBuffer().AsMemory(0, (int)chunk.Length);

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
