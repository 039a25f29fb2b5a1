using System.Text;
using EmbeddingGrpc.Training.Word2vec;

namespace EmbeddingGrpc.Training.Tests.Word2vec;

public sealed class Word2vecReaderTests
{
    [Theory]
    [InlineData("", "first line should be 'count dimension' and is ''")]
    [InlineData("hello\n", "is 'hello'")]
    [InlineData("5\n", "is '5'")]
    [InlineData("5 0\n", "is '5 0'")]
    [InlineData("-1 3\n", "is '-1 3'")]
    [InlineData("1 2 3\n", "is '1 2 3'")]
    [InlineData("1 99999999\n", "is '1 99999999'")]
    public void Constructor_HeaderThatIsNone_QuotesIt(string text, string expected) =>
        AssertFails(text, expected);

    [Theory]
    [InlineData("2 2\na 1 2\n", "ends after 1 of the 2 rows")]
    [InlineData("2 2\na 1 2\nb 1\n", "row 2 of 2 ('b'): 1 of its 2 values")]
    [InlineData("1 2\na 1 2 3\n", "row 1 of 1 ('a'): more than its 2 values")]
    [InlineData("1 2\na b 1 2\n", "value 1 is 'b', not a number")]
    [InlineData("1 2\na 1 nan\n", "value 2 is NaN; vectors must be finite")]
    [InlineData("1 2\na 1 1e99\n", "value 2 is ")]
    [InlineData("1 2\na 1 2\nb 1 2\n", "goes on after the 1 rows")]
    [InlineData("1 2\na\n", "no space after the id")]
    [InlineData("1 2\n 1 2\n", "an empty id")]
    [InlineData("1 2\na", "the file ends within the row")]
    public void Read_DamagedText_SaysWhatAndWhere(string text, string expected) => AssertFails(text, expected, Word2vecFormat.Text);

    [Fact]
    public void Read_BinaryCutShort_SaysWhatAndWhere()
    {
        byte[] file = [.. "1 3\na "u8, .. BitConverter.GetBytes(1f), .. BitConverter.GetBytes(2f), 7, 7];
        var error = Assert.Throws<InvalidDataException>(() => new Word2vecReader(new MemoryStream(file), "v.bin", Word2vecFormat.Binary).Read());
        Assert.Contains("'v.bin' row 1 of 1 ('a'): the file ends after 2 of its 3 values", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_BinaryInfinity_SaysWhatAndWhere()
    {
        byte[] file = [.. "1 1\na "u8, .. BitConverter.GetBytes(float.PositiveInfinity)];
        Assert.Throws<InvalidDataException>(() => new Word2vecReader(new MemoryStream(file), "v.bin", Word2vecFormat.Binary).Read());
    }

    [Fact]
    public void Read_BinaryWithLineEnds_ReadsWord2vecsOwnFiles()
    {
        // The C program ends every row with a line feed, gensim none.
        byte[] file = [.. "2 1\na "u8, .. BitConverter.GetBytes(1f), (byte)'\n', .. "b "u8, .. BitConverter.GetBytes(2f), (byte)'\n'];
        var reader = new Word2vecReader(new MemoryStream(file), "v.bin");
        Assert.True(reader.Read() && reader.Read());
        Assert.Equal(("b", 2f), (Encoding.UTF8.GetString(reader.Id), reader.Vector[0]));
        Assert.False(reader.Read());
    }

    [Fact]
    public void Read_TextWithTrailingSpacesAndCarriageReturns_Reads()
    {
        var reader = new Word2vecReader(new MemoryStream("1 2\r\na 1 2 \r\n"u8.ToArray()), "v.txt");
        Assert.True(reader.Read());
        Assert.Equal([1f, 2f], reader.Vector.ToArray());
        Assert.False(reader.Read());
    }

    [Fact]
    public void Read_IdLongerThanTheBuffer_Reads()
    {
        string id = new('x', 5000);
        var reader = new Word2vecReader(new MemoryStream(Encoding.UTF8.GetBytes($"1 1\n{id} 4\n")), "v.txt");
        Assert.True(reader.Read());
        Assert.Equal(id, Encoding.UTF8.GetString(reader.Id));
    }

    private static void AssertFails(string text, string expected, Word2vecFormat? format = null)
    {
        var error = Assert.Throws<InvalidDataException>(() =>
        {
            var reader = new Word2vecReader(new MemoryStream(Encoding.UTF8.GetBytes(text)), "v.txt", format);
            while (reader.Read())
            {
            }
        });
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("'v.txt'", error.Message, StringComparison.Ordinal);
    }
}
