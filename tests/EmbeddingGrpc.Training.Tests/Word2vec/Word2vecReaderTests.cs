using System.Text;
using EmbeddingGrpc.Training.Word2vec;

namespace EmbeddingGrpc.Training.Tests.Word2vec;

public sealed class Word2vecReaderTests
{
    [Theory]
    [InlineData("", "it is empty")]
    [InlineData("5", "it ends within its first line")]
    [InlineData("hello\n", "first line must be 'COUNT DIMENSION'")]
    [InlineData("1 2 3\n", "first line must be 'COUNT DIMENSION'")]
    [InlineData("-1 3\n", "first line must be 'COUNT DIMENSION'")]
    [InlineData("0 3\n", "promises 0 items")]
    [InlineData("1 99999999\n", "says dimension 99999999; must be 2..4096")]
    [InlineData("2 2\na 1 2\n", "promises 2 items and it has 1")]
    [InlineData("2 2\na 1 2\nb 1\n", "item 'b' has 1 values where the first line promises 2")]
    [InlineData("1 2\na 1 2 3\n", "item 'a' has more than the 2 values")]
    [InlineData("1 2\na b 1 2\n", "item 'a' has 'b' where a number should be")]
    [InlineData("1 2\na 1 nan\n", "has a value that is not finite")]
    [InlineData("1 2\na 1 1e99\n", "has a value that is not finite")]
    [InlineData("1 2\na 1 2\nb 1 2\n", "goes on after the 1 items")]
    [InlineData("1 2\na\n", "row 1: it has an id and no values")]
    [InlineData("1 2\n 1 2\n", "row 1: its id is empty")]
    public void Complete_DamagedText_SaysWhatAndWhere(string text, string expected)
    {
        var error = Assert.Throws<Word2vecFormatException>(() => Read(Word2vecFormat.Text, Encoding.UTF8.GetBytes(text)));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Complete_BinaryCutShort_SaysWhichRow()
    {
        byte[] file = [.. "1 3\na "u8, .. BitConverter.GetBytes(1f), .. BitConverter.GetBytes(2f), 7, 7];
        Assert.Contains("row 1: it is cut short", Assert.Throws<Word2vecFormatException>(() => Read(Word2vecFormat.Binary, file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Append_BinaryWithLineEnds_ReadsWord2vecsOwnFiles()
    {
        // The C program ends every row with a line feed, gensim none.
        byte[] file = [.. "2 2\na "u8, .. BitConverter.GetBytes(1f), .. BitConverter.GetBytes(3f), (byte)'\n', .. "b "u8, .. BitConverter.GetBytes(2f), .. BitConverter.GetBytes(4f), (byte)'\n'];
        var rows = Read(Word2vecFormat.Binary, file);
        Assert.Equal(["a", "b"], rows.Select(row => row.Id));
        Assert.Equal([2f, 4f], rows[1].Values);
    }

    [Fact]
    public void Append_TextWithTrailingSpacesAndCarriageReturns_Reads() =>
        Assert.Equal([1f, 2f], Assert.Single(Read(Word2vecFormat.Text, "1 2\r\na 1 2 \r\n"u8.ToArray())).Values);

    [Fact]
    public void Append_IdLongerThanAPiece_Reads()
    {
        string id = new('x', 50_000);
        Assert.Equal(id, Assert.Single(Read(Word2vecFormat.Text, Encoding.UTF8.GetBytes($"1 2\n{id} 4 5\n"))).Id);
    }

    private static List<(string Id, float[] Values)> Read(Word2vecFormat format, byte[] file)
    {
        var rows = new List<(string, float[])>();
        var reader = new Word2vecReader(format, (id, values) => rows.Add((Encoding.UTF8.GetString(id), values.ToArray())));
        foreach (byte[] piece in file.Chunk(1000))
        {
            reader.Append(piece);
        }

        reader.Complete();
        return rows;
    }
}
