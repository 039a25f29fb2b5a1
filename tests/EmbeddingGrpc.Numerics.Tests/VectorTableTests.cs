namespace EmbeddingGrpc.Numerics.Tests;

public sealed unsafe class VectorTableTests : IDisposable
{
    private const int HeaderBytes = 64;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(0, 7)]
    [InlineData(1, 1)]
    [InlineData(3, 16)]
    [InlineData(1000, 100)]
    public void Open_AfterSave_HoldsTheSameRowsAligned(int rows, int dimension)
    {
        using var native = VectorTable.FromMatrix(Filled(rows, dimension));
        using var mapped = SaveAndOpen(native, "t.vec");

        Assert.Equal((rows, dimension, native.Stride, native.SizeBytes), (mapped.Rows, mapped.Dimension, mapped.Stride, mapped.SizeBytes));
        for (int row = 0; row < rows; row++)
        {
            Assert.True(native[new ItemOrdinal(row)].SequenceEqual(mapped[new ItemOrdinal(row)]));
        }

        Assert.Equal(0, (nint)native.Pointer % 64);
        Assert.Equal(0, (nint)mapped.Pointer % 64);
    }

    [Fact]
    public void LetGoOfPages_MappedOrNot_LosesNoRow()
    {
        using var native = VectorTable.FromMatrix(Filled(1000, 100));
        using var mapped = SaveAndOpen(native, "t.vec");

        native.LetGoOfPages();
        mapped.LetGoOfPages();

        for (int row = 0; row < 1000; row++) Assert.True(native[new ItemOrdinal(row)].SequenceEqual(mapped[new ItemOrdinal(row)]));
        using var filled = Filled(1000, 100);
        Assert.True(filled[new ItemOrdinal(999)].SequenceEqual(native[new ItemOrdinal(999)]));
    }

    [Fact]
    public void Save_OfAMappedTable_WritesTheSameBytes()
    {
        using var native = VectorTable.FromMatrix(Filled(50, 20));
        using var mapped = SaveAndOpen(native, "a.vec");
        using var again = SaveAndOpen(mapped, "b.vec");
        Assert.Equal(File.ReadAllBytes(_directory["a.vec"]), File.ReadAllBytes(_directory["b.vec"]));
    }

    [Fact]
    public void Indexer_OutsideOrAfterDispose_ThrowsInBothForms()
    {
        var native = VectorTable.FromMatrix(Filled(4, 5));
        var mapped = SaveAndOpen(native, "t.vec");
        foreach (var table in new[] { native, mapped })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => table[new ItemOrdinal(4)].Length);
            Assert.Throws<ArgumentOutOfRangeException>(() => table[new ItemOrdinal(-1)].Length);
            table.Dispose();
            table.Dispose();
            Assert.Throws<ObjectDisposedException>(() => table[new ItemOrdinal(0)].Length);
        }
    }

    [Fact]
    public void Open_AnySingleByteChanged_Throws()
    {
        byte[] good = Saved(Filled(3, 5));
        for (int at = 0; at < good.Length; at++)
        {
            byte[] bad = [.. good];
            bad[at] ^= 0x10;
            Assert.Throws<InvalidDataException>(() => OpenBytes(bad).Dispose());
        }
    }

    [Fact]
    public void Open_AnyTruncation_SaysSo()
    {
        byte[] good = Saved(Filled(3, 5));
        for (int length = 0; length < good.Length; length += 7)
        {
            var error = Assert.Throws<InvalidDataException>(() => OpenBytes(good[..length]).Dispose());
            Assert.Contains("truncated", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Open_BytesAppended_SaysTooLong()
    {
        var error = Assert.Throws<InvalidDataException>(() => OpenBytes([.. Saved(Filled(3, 5)), 0]).Dispose());
        Assert.Contains("too long", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ChangedRow_NamesTheContentsChecksum()
    {
        byte[] bad = Saved(Filled(3, 5));
        bad[HeaderBytes + 4]++;
        var error = Assert.Throws<InvalidDataException>(() => OpenBytes(bad).Dispose());
        Assert.Contains("checksum of its contents", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_AnotherFormat_SaysItIsNotATable()
    {
        var error = Assert.Throws<InvalidDataException>(() => OpenBytes(new byte[200]).Dispose());
        Assert.Contains("not a EGVECTBL file", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_NewerVersion_NamesBothVersions()
    {
        using var stream = new MemoryStream();
        new FileHeader("EGVECTBL", 2, 0, 1, 0, 0).Write(stream);
        var error = Assert.Throws<InvalidDataException>(() => OpenBytes(stream.ToArray()).Dispose());
        Assert.Contains("version 2", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1, 16)]
    [InlineData(2, 16)]
    [InlineData(1, 0)]
    [InlineData(1, -5)]
    [InlineData(1L << 40, 16)]
    [InlineData(1, 1L << 40)]
    public void Open_ShapeThatDoesNotFillTheFile_SaysSo(long rows, long dimension)
    {
        using var stream = new MemoryStream();
        byte[] payload = new byte[64];
        new FileHeader("EGVECTBL", 1, rows, dimension, payload.Length, System.IO.Hashing.XxHash3.HashToUInt64(payload)).Write(stream);
        stream.Write(payload);
        var error = Assert.Throws<InvalidDataException>(() => OpenBytes(stream.ToArray()).Dispose());
        Assert.Contains("do not fill", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_NoSuchFile_Throws() => Assert.Throws<FileNotFoundException>(() => VectorTable.Open(_directory["none"]).Dispose());

    [Fact]
    public void Open_FileDeletedWhileMapped_RowsStayReadable()
    {
        using var native = VectorTable.FromMatrix(Filled(4, 5));
        using var mapped = SaveAndOpen(native, "t.vec");
        File.Delete(_directory["t.vec"]);
        Assert.Equal(native[new ItemOrdinal(3)].ToArray(), mapped[new ItemOrdinal(3)].ToArray());
    }

    private static EmbeddingMatrix Filled(int rows, int dimension)
    {
        var matrix = new EmbeddingMatrix(rows, dimension);
        for (int row = 0; row < rows; row++)
        {
            for (int i = 0; i < dimension; i++)
            {
                matrix[new ItemOrdinal(row)][i] = (row * 31) + i;
            }
        }

        return matrix;
    }

    private static byte[] Saved(EmbeddingMatrix matrix)
    {
        using var table = VectorTable.FromMatrix(matrix);
        using var stream = new MemoryStream();
        table.Save(stream);
        return stream.ToArray();
    }

    private VectorTable OpenBytes(byte[] bytes)
    {
        File.WriteAllBytes(_directory["bytes"], bytes);
        return VectorTable.Open(_directory["bytes"]);
    }

    private VectorTable SaveAndOpen(VectorTable table, string name)
    {
        using (var file = File.Create(_directory[name]))
        {
            table.Save(file);
        }

        return VectorTable.Open(_directory[name]);
    }
}
