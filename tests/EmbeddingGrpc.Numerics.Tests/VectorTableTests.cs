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
    // More than the block that a table is read in.
    [InlineData(50_000, 100)]
    public void Open_AfterSave_HoldsTheSameRowsAligned(int rows, int dimension)
    {
        using var native = VectorTable.FromMatrix(Filled(rows, dimension));
        foreach (var isMapped in (bool[])[true, false])
        {
            using var opened = SaveAndOpen(native, "t.vec", isMapped);

            Assert.Equal((rows, dimension, native.Stride, native.SizeBytes), (opened.Rows, opened.Dimension, opened.Stride, opened.SizeBytes));
            for (int row = 0; row < rows; row++)
            {
                Assert.True(native[new ItemOrdinal(row)].SequenceEqual(opened[new ItemOrdinal(row)]));
            }

            Assert.Equal(0, (nint)native.Pointer % 64);
            Assert.Equal(0, (nint)opened.Pointer % 64);
        }
    }

    [Fact]
    public void LetGoOfPages_MappedOrNot_LosesNoRow()
    {
        using var native = VectorTable.FromMatrix(Filled(1000, 100));
        using var mapped = SaveAndOpen(native, "t.vec");
        using var read = SaveAndOpen(native, "r.vec", mapped: false);

        native.LetGoOfPages();
        mapped.LetGoOfPages();
        read.LetGoOfPages();

        for (int row = 0; row < 1000; row++)
        {
            Assert.True(native[new ItemOrdinal(row)].SequenceEqual(mapped[new ItemOrdinal(row)]));
            Assert.True(native[new ItemOrdinal(row)].SequenceEqual(read[new ItemOrdinal(row)]));
        }
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
    public void Indexer_OutsideOrAfterDispose_ThrowsInEveryForm()
    {
        var native = VectorTable.FromMatrix(Filled(4, 5));
        var mapped = SaveAndOpen(native, "t.vec");
        var read = SaveAndOpen(native, "r.vec", mapped: false);
        foreach (var table in new[] { native, mapped, read })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => table[new ItemOrdinal(4)].Length);
            Assert.Throws<ArgumentOutOfRangeException>(() => table[new ItemOrdinal(-1)].Length);
            table.Dispose();
            table.Dispose();
            Assert.Throws<ObjectDisposedException>(() => table[new ItemOrdinal(0)].Length);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Open_AnySingleByteChanged_Throws(bool mapped)
    {
        byte[] good = Saved(Filled(3, 5));
        for (int at = 0; at < good.Length; at++)
        {
            byte[] bad = [.. good];
            bad[at] ^= 0x10;
            Assert.Throws<InvalidDataException>(() => OpenBytes(bad, mapped).Dispose());
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Open_AnyTruncation_SaysSo(bool mapped)
    {
        byte[] good = Saved(Filled(3, 5));
        for (int length = 0; length < good.Length; length += 7)
        {
            var error = Assert.Throws<InvalidDataException>(() => OpenBytes(good[..length], mapped).Dispose());
            Assert.Contains("truncated", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Open_BytesAppended_SaysTooLong(bool mapped)
    {
        var error = Assert.Throws<InvalidDataException>(() => OpenBytes([.. Saved(Filled(3, 5)), 0], mapped).Dispose());
        Assert.Contains("too long", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Open_ChangedRow_NamesTheContentsChecksum(bool mapped)
    {
        byte[] bad = Saved(Filled(3, 5));
        bad[HeaderBytes + 4]++;
        var error = Assert.Throws<InvalidDataException>(() => OpenBytes(bad, mapped).Dispose());
        Assert.Contains("checksum of its contents", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Open_AnotherFormat_SaysItIsNotATable(bool mapped)
    {
        var error = Assert.Throws<InvalidDataException>(() => OpenBytes(new byte[200], mapped).Dispose());
        Assert.Contains("not a EGVECTBL file", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Open_NewerVersion_NamesBothVersions(bool mapped)
    {
        using var stream = new MemoryStream();
        new FileHeader("EGVECTBL", 2, 0, 1, 0, 0).Write(stream);
        var error = Assert.Throws<InvalidDataException>(() => OpenBytes(stream.ToArray(), mapped).Dispose());
        Assert.Contains("version 2", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1, 16, true)]
    [InlineData(-1, 16, false)]
    [InlineData(2, 16, true)]
    [InlineData(2, 16, false)]
    [InlineData(1, 0, true)]
    [InlineData(1, 0, false)]
    [InlineData(1, -5, true)]
    [InlineData(1, -5, false)]
    [InlineData(1L << 40, 16, true)]
    [InlineData(1L << 40, 16, false)]
    [InlineData(1, 1L << 40, true)]
    [InlineData(1, 1L << 40, false)]
    public void Open_ShapeThatDoesNotFillTheFile_SaysSo(long rows, long dimension, bool mapped)
    {
        using var stream = new MemoryStream();
        byte[] payload = new byte[64];
        new FileHeader("EGVECTBL", 1, rows, dimension, payload.Length, System.IO.Hashing.XxHash3.HashToUInt64(payload)).Write(stream);
        stream.Write(payload);
        var error = Assert.Throws<InvalidDataException>(() => OpenBytes(stream.ToArray(), mapped).Dispose());
        Assert.Contains("do not fill", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Open_NoSuchFile_Throws(bool mapped) => Assert.Throws<FileNotFoundException>(() => VectorTable.Open(_directory["none"], mapped).Dispose());

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

    private VectorTable OpenBytes(byte[] bytes, bool mapped)
    {
        File.WriteAllBytes(_directory["bytes"], bytes);
        return VectorTable.Open(_directory["bytes"], mapped);
    }

    private VectorTable SaveAndOpen(VectorTable table, string name, bool mapped = true)
    {
        using (var file = File.Create(_directory[name]))
        {
            table.Save(file);
        }

        return VectorTable.Open(_directory[name], mapped);
    }
}
