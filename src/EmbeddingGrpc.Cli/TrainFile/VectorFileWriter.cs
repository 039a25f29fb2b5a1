using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Training;
using EmbeddingGrpc.Training.Word2vec;

namespace EmbeddingGrpc.Cli.TrainFile;

/// <summary>Writes trained vectors to a word2vec file. The file appears whole or not at all.</summary>
internal static class VectorFileWriter
{
    /// <summary>Writes one vector an item, row by row: a copy of all would be the peak of a large training's memory.</summary>
    /// <param name="path">Replaced if it exists.</param>
    /// <param name="format">Text or binary.</param>
    /// <param name="vocabulary">The rows' ids.</param>
    /// <param name="trained">The matrices.</param>
    /// <param name="source">Which vector of an item.</param>
    /// <param name="cancellationToken">Checked now and then.</param>
    public static void Write(
        string path, Word2vecFormat format, Vocabulary vocabulary, TrainedEmbeddings trained, VectorSource source, CancellationToken cancellationToken)
    {
        var vector = new float[trained.Input.Dimension];
        var temporary = path + ".tmp";
        try
        {
            using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
            using (var writer = new Word2vecWriter(file, format, vocabulary.Count, vector.Length))
            {
                for (var row = 0; row < vocabulary.Count; row++)
                {
                    if ((row & 0xFFF) == 0) cancellationToken.ThrowIfCancellationRequested();
                    var item = new ItemOrdinal(row);
                    trained.CopyVector(source, item, vector);
                    writer.Write(vocabulary.Utf8IdOf(item), vector);
                }

                writer.Complete();
            }

            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
