using System.Text;
using CsCheck;
using EmbeddingGrpc.Training.Word2vec;

namespace EmbeddingGrpc.Training.Tests.Word2vec;

public sealed class Word2vecRoundTripTests
{
    private static readonly Gen<float> Finite = Gen.Float.Where(float.IsFinite);

    [Theory]
    [InlineData(Word2vecFormat.Text)]
    [InlineData(Word2vecFormat.Binary)]
    public void Read_WhatWasWritten_IsTheSameBitForBit(Word2vecFormat format) =>
        Gen.Select(Finite.Array[3].Array[1, 40], Gen.Int[1, 200]).Sample((rows, pieceLength) =>
        {
            using var stream = new MemoryStream();
            using (var writer = new Word2vecWriter(stream, format, rows.Length, 3))
            {
                for (int row = 0; row < rows.Length; row++)
                {
                    writer.Write(Encoding.UTF8.GetBytes($"ïd-{row}"), rows[row]);
                }

                writer.Complete();
            }

            var read = new List<(string Id, float[] Values)>();
            var reader = new Word2vecReader(format, (id, values) => read.Add((Encoding.UTF8.GetString(id), values.ToArray())));
            foreach (byte[] piece in stream.ToArray().Chunk(pieceLength))
            {
                reader.Append(piece);
            }

            reader.Complete();
            Assert.Equal((rows.Length, 3), (read.Count, reader.Dimension));
            for (int row = 0; row < rows.Length; row++)
            {
                Assert.Equal($"ïd-{row}", read[row].Id);
                Assert.Equal(rows[row].Select(BitConverter.SingleToUInt32Bits), read[row].Values.Select(BitConverter.SingleToUInt32Bits));
            }
        });

    [Fact]
    public void Write_Text_IsWord2vecsLayout()
    {
        using var stream = new MemoryStream();
        using var writer = new Word2vecWriter(stream, Word2vecFormat.Text, 2, 2);
        writer.Write("a"u8, [1, -0.5f]);
        writer.Write("b"u8, [1e-7f, 3]);
        writer.Complete();
        Assert.Equal("2 2\na 1 -0.5\nb 1E-07 3\n", Encoding.UTF8.GetString(stream.ToArray()));
    }

    [Fact]
    public void Write_Binary_IsWord2vecsLayout()
    {
        using var stream = new MemoryStream();
        using var writer = new Word2vecWriter(stream, Word2vecFormat.Binary, 1, 2);
        writer.Write("a"u8, [1, -0.5f]);
        writer.Complete();
        Assert.Equal([.. "1 2\na "u8, .. BitConverter.GetBytes(1f), .. BitConverter.GetBytes(-0.5f)], stream.ToArray());
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a\tb")]
    [InlineData("a\nb")]
    public void Write_IdTheFormatCannotHold_SaysWhichAndWritesNothing(string id)
    {
        using var stream = new MemoryStream();
        using var writer = new Word2vecWriter(stream, Word2vecFormat.Text, 1, 1);
        var error = Assert.Throws<ArgumentException>(() => writer.Write(Encoding.UTF8.GetBytes(id), [1]));
        Assert.Contains($"'{id}'", error.Message, StringComparison.Ordinal);
        writer.Write("good"u8, [1]);
        writer.Complete();
    }

    [Fact]
    public void Write_WrongLengthOrTooManyOrTooFew_SaysWhich()
    {
        using var stream = new MemoryStream();
        using var writer = new Word2vecWriter(stream, Word2vecFormat.Text, 1, 2);
        Assert.Contains("has 1 values", Assert.Throws<ArgumentException>(() => writer.Write("a"u8, [1])).Message, StringComparison.Ordinal);
        Assert.Contains("0 of the 1 rows", Assert.Throws<InvalidOperationException>(writer.Complete).Message, StringComparison.Ordinal);
        writer.Write("a"u8, [1, 2]);
        Assert.Contains("row 2 of a file of 1", Assert.Throws<ArgumentException>(() => writer.Write("b"u8, [1, 2])).Message, StringComparison.Ordinal);
    }
}
