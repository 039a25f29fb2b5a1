using System.Text;
using EmbeddingGrpc.Server.Models.Exchange;
using EmbeddingGrpc.Training.Word2vec;

namespace EmbeddingGrpc.Server.Tests.Models.Exchange;

public sealed class VectorUploadTests
{
    // As gensim 4.2 wrote them: save_word2vec_format of three keys.
    private const string GensimText = "3 3\ntoy-story 0.5 -1.25 3e-07\nü/ß 0.33333334 2.0 -0.0\n260 123456.79 1e-20 0.1\n";
    private const string GensimBinary =
        "3320330a746f792d73746f7279200000003f0000a0bfb00fa134c3bc2fc39f20abaaaa3e0000004000000080323630206520f14708e53c1ecdcccc3d";

    private static readonly float[][] Expected = [[0.5f, -1.25f, 3e-7f], [1f / 3, 2f, -0f], [123456.789f, 1e-20f, 0.1f]];

    public static TheoryData<Word2vecFormat, int> PiecesOfEveryLength()
    {
        var data = new TheoryData<Word2vecFormat, int>();
        foreach (var length in new[] { 1, 2, 3, 5, 7, 16, 1000 })
        {
            data.Add(Word2vecFormat.Text, length);
            data.Add(Word2vecFormat.Binary, length);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(PiecesOfEveryLength))]
    public void Append_GensimFileInPieces_ReadsEveryBit(Word2vecFormat format, int pieceLength)
    {
        var file = format == Word2vecFormat.Text ? Encoding.UTF8.GetBytes(GensimText) : Convert.FromHexString(GensimBinary);

        var vectors = Read(format, file, pieceLength);

        Assert.Equal(["toy-story", "ü/ß", "260"], vectors.Ids);
        for (var row = 0; row < Expected.Length; row++) Assert.Equal(Expected[row], vectors[row].ToArray());
        Assert.True(vectors.TryGetRow("260", out var found));
        Assert.Equal(2, found);
    }

    [Fact]
    public void Append_AsTheWord2vecProgramWritesIt_ReadsIt()
    {
        // Trailing spaces, and in binary a line end after each row.
        var text = Read(Word2vecFormat.Text, "2 2\r\n</s> 0.500000 1.000000 \r\na 1.5 -2 \n\n"u8);
        byte[] binary = [.. "2 2\n</s> "u8, .. Floats(0.5f, 1f), .. "\na "u8, .. Floats(1.5f, -2f), .. "\n"u8];

        Assert.Equal(["</s>", "a"], text.Ids);
        Assert.Equal([1.5f, -2f], text[1].ToArray());
        Assert.Equal([1.5f, -2f], Read(Word2vecFormat.Binary, binary)[1].ToArray());
    }

    [Fact]
    public void Append_LastLineWithoutItsEnd_IsRead() => Assert.Equal(1, Read(Word2vecFormat.Text, "1 2\na 1 2"u8).Count);

    [Fact]
    public void Append_ManyRows_KeepsAllOfThem()
    {
        const int Rows = 10_000;
        var text = new StringBuilder($"{Rows} 2\n");
        for (var row = 0; row < Rows; row++) text.Append(System.Globalization.CultureInfo.InvariantCulture, $"item-{row} {row} {-row}\n");

        var vectors = Read(Word2vecFormat.Text, Encoding.UTF8.GetBytes(text.ToString()), pieceLength: 65_536);

        Assert.Equal(Rows, vectors.Count);
        for (var row = 0; row < Rows; row += 997) Assert.Equal([row, -row], vectors[row].ToArray());
    }

    [Theory]
    [InlineData("", "it is empty")]
    [InlineData("3", "ends within its first line")]
    [InlineData("word 1 2 3\n", "first line must be 'COUNT DIMENSION'")]
    [InlineData("3\n", "first line must be 'COUNT DIMENSION'")]
    [InlineData("three 2\na 1 2\n", "first line must be 'COUNT DIMENSION'")]
    [InlineData("-1 2\na 1 2\n", "first line must be 'COUNT DIMENSION'")]
    [InlineData("{\"vectors\": [[1, 2, 3], [4, 5, 6], [7, 8, 9], [10, 11, 12], [13]]}", "first line must be 'COUNT DIMENSION'")]
    [InlineData("0 2\n", "promises 0 items")]
    [InlineData("99999999999 2\n", "promises 99999999999 items")]
    [InlineData("1 1\na 1\n", "dimension 1; must be 2..4096")]
    [InlineData("1 5000\n", "dimension 5000; must be 2..4096")]
    [InlineData("2 2\na 1 2\n", "promises 2 items and it has 1")]
    [InlineData("1 2\na 1 2\nb 3 4\n", "goes on after the 1 items")]
    [InlineData("2 3\na 1 2\nb 1 2 3\n", "item 'a' has 2 values where the first line promises 3")]
    [InlineData("1 2\na 1 2 3\n", "item 'a' has more than the 2 values")]
    [InlineData("1 2\na 1 x\n", "item 'a' has 'x' where a number should be")]
    [InlineData("1 2\na 1 NaN\n", "item 'a' has a value that is not finite")]
    [InlineData("1 2\na 1 -Infinity\n", "item 'a' has a value that is not finite")]
    [InlineData("1 2\na 1 1e99\n", "item 'a' has a value that is not finite")]
    [InlineData("2 2\na 1 2\na 3 4\n", "row 2: item 'a' is there twice")]
    [InlineData("1 2\na\n", "row 1: it has an id and no values")]
    [InlineData("1 2\n 1 2\n", "row 1: its id is empty")]
    [InlineData("1 2\na\u0001b 1 2\n", "row 1: its id has the control character U+0001")]
    public void Complete_NotSuchAFile_SaysWhatAndWhere(string file, string expected)
    {
        var error = Assert.Throws<VectorFormatException>(() => Read(Word2vecFormat.Text, Encoding.UTF8.GetBytes(file)));

        Assert.Equal("input", error.Table);
        Assert.Contains(expected, error.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Complete_BinaryCutShort_NamesTheRow()
    {
        var file = Convert.FromHexString(GensimBinary);

        for (var length = 5; length < file.Length; length++)
        {
            var error = Assert.Throws<VectorFormatException>(() => Read(Word2vecFormat.Binary, file.AsSpan(0, length)));
            Assert.Matches("row [123]: it is cut short|promises 3 items and it has [012]", error.Description);
        }
    }

    [Fact]
    public void Append_IdThatNeverEnds_IsRefusedBeforeTheEnd()
    {
        var reader = new VectorUpload("input", Word2vecFormat.Binary);
        reader.Append("1 2\n"u8);

        Assert.Throws<VectorFormatException>(() => reader.Append(new byte[300]));
    }

    [Fact]
    public void Append_BinaryAsText_IsRefusedBeforeTheEnd()
    {
        var reader = new VectorUpload("input", Word2vecFormat.Text);
        reader.Append("1 2\n"u8);

        Assert.Contains("is the file binary?", Assert.Throws<VectorFormatException>(() => reader.Append(new byte[100_000])).Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Append_IdThatIsNotUtf8_IsRefused() =>
        Assert.Contains("not UTF-8", Assert.Throws<VectorFormatException>(() => Read(Word2vecFormat.Text, [.. "1 2\n"u8, 0xC3, 0x28, .. " 1 2\n"u8])).Description, StringComparison.Ordinal);

    private static ImportedVectors Read(Word2vecFormat format, ReadOnlySpan<byte> file, int pieceLength = int.MaxValue)
    {
        var reader = new VectorUpload("input", format);
        while (!file.IsEmpty)
        {
            var length = Math.Min(pieceLength, file.Length);
            reader.Append(file[..length]);
            file = file[length..];
        }

        return reader.Complete();
    }

    private static byte[] Floats(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];
}
