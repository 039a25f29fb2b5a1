using System.Text;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models.Exchange;
using EmbeddingGrpc.Training;
using EmbeddingGrpc.Training.Word2vec;

namespace EmbeddingGrpc.Server.Tests.Models.Exchange;

public sealed class VectorDownloadTests
{
    [Theory]
    [InlineData(Word2vecFormat.Text)]
    [InlineData(Word2vecFormat.Binary)]
    public void Chunks_ReadBack_GiveEveryBit(Word2vecFormat format)
    {
        const int Rows = 3000;
        var vocabulary = Vocabulary.Create(Enumerable.Range(0, Rows).Select(row => ($"item/{row}-ü", (long)Rows - row)));
        using var vectors = TestGenerations.Vectors(Rows, 33, seed: 5);
        var reader = new VectorUpload("input", format);
        var chunks = 0;

        foreach (var chunk in new VectorDownload(vocabulary, vectors, format, "").Chunks())
        {
            reader.Append(chunk.Span);
            chunks++;
        }

        var read = reader.Complete();
        Assert.True(chunks > 1);
        Assert.Equal(Rows, read.Count);
        for (var row = 0; row < Rows; row++)
        {
            Assert.Equal(vocabulary.IdOf(new ItemOrdinal(row)), read.Ids[row]);
            Assert.Equal(vectors[new ItemOrdinal(row)], read[row]);
        }
    }

    [Fact]
    public void Chunks_Text_IsOneLineAnItem()
    {
        using var vectors = Table([0.5f, -1.25f], [1e-20f, 2f]);

        Assert.Equal("2 2\na 0.5 -1.25\nb 1E-20 2\n", Encoding.UTF8.GetString(Write(Of("a", "b"), vectors, Word2vecFormat.Text)));
    }

    [Fact]
    public void Chunks_Binary_IsWhatGensimWrites()
    {
        using var vectors = Table([0.5f, -1.25f]);

        byte[] expected = [.. "1 2\na "u8, .. BitConverter.GetBytes(0.5f), .. BitConverter.GetBytes(-1.25f)];
        Assert.Equal(expected, Write(Of("a"), vectors, Word2vecFormat.Binary));
    }

    [Fact]
    public void Constructor_IdWithASpace_IsRefusedUnlessReplaced()
    {
        using var vectors = Table([1f, 2f], [3f, 4f]);

        var error = Assert.Throws<VectorExportException>(() => Write(Of("a", "b c d"), vectors, Word2vecFormat.Text));
        Assert.Contains("'b c d'", error.Message, StringComparison.Ordinal);
        Assert.Contains("space_replacement", error.Message, StringComparison.Ordinal);

        Assert.Equal("2 2\na 1 2\nb_c_d 3 4\n", Encoding.UTF8.GetString(Write(Of("a", "b c d"), vectors, Word2vecFormat.Text, "_")));
    }

    [Theory]
    [InlineData("a b", "a_b")]
    [InlineData("a_b", "a b")]
    [InlineData("a b_c", "a_b c")]
    public void Constructor_ReplacementMakesTwoItemsOne_IsRefused(string first, string second)
    {
        using var vectors = Table([1f, 2f], [3f, 4f]);

        var error = Assert.Throws<VectorExportException>(() => Write(Of(first, second), vectors, Word2vecFormat.Text, "_"));
        Assert.Contains("another item's", error.Message, StringComparison.Ordinal);
    }

    private static Vocabulary Of(params string[] items) => Vocabulary.Create(items.Select(item => (item, 1L)));

    private static VectorTable Table(params float[][] rows)
    {
        var matrix = new EmbeddingMatrix(rows.Length, rows[0].Length);
        for (var row = 0; row < rows.Length; row++) rows[row].CopyTo(matrix[new ItemOrdinal(row)]);
        return VectorTable.FromMatrix(matrix);
    }

    private static byte[] Write(Vocabulary vocabulary, VectorTable vectors, Word2vecFormat format, string spaceReplacement = "") =>
        [.. new VectorDownload(vocabulary, vectors, format, spaceReplacement).Chunks().SelectMany(chunk => chunk.ToArray())];
}
