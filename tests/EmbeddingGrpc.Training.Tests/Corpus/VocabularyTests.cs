using System.Globalization;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training.Tests;

public sealed class VocabularyTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(20_000)]
    public void Load_AfterSave_HoldsTheSameItems(int items)
    {
        var saved = Vocabulary(items);
        var loaded = LoadBytes(Save(saved));
        Assert.Equal((saved.Count, saved.TotalCount), (loaded.Count, loaded.TotalCount));
        for (int i = 0; i < items; i++)
        {
            var item = new ItemOrdinal(i);
            Assert.Equal(saved.IdOf(item), loaded.IdOf(item));
            Assert.Equal(saved.CountOf(item), loaded.CountOf(item));
            Assert.True(loaded.TryGetOrdinal(saved.IdOf(item), out var found));
            Assert.Equal(item, found);
            Assert.True(loaded.TryGetOrdinal(saved.Utf8IdOf(item), out found));
            Assert.Equal(item, found);
        }
    }

    [Fact]
    public void Load_AnySingleByteChanged_Throws()
    {
        byte[] good = Save(Vocabulary(7));
        for (int at = 0; at < good.Length; at++)
        {
            byte[] bad = [.. good];
            bad[at] ^= 1;
            Assert.Throws<InvalidDataException>(() => LoadBytes(bad));
        }
    }

    [Fact]
    public void Load_AnyTruncation_SaysSo()
    {
        byte[] good = Save(Vocabulary(7));
        for (int length = 0; length < good.Length; length++)
        {
            var error = Assert.Throws<InvalidDataException>(() => LoadBytes(good[..length]));
            Assert.Contains("truncated", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(-1, 0, "cannot hold")]
    [InlineData(3, 0, "cannot hold")]
    [InlineData(1, 5, "its header says 5")]
    [InlineData(2, 0, "repeats the id")]
    public void Load_ItemsThatContradictTheHeader_SaysWhich(long items, long total, string expected)
    {
        // Two items without an id and without a count.
        byte[] payload = new byte[20];
        using var stream = new MemoryStream();
        new FileHeader("EGVOCABL", 1, items, total, payload.Length, System.IO.Hashing.XxHash3.HashToUInt64(payload)).Write(stream);
        stream.Write(payload);
        var error = Assert.Throws<InvalidDataException>(() => LoadBytes(stream.ToArray()));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_IdLongerThanTheFile_SaysWhichItem()
    {
        byte[] payload = new byte[10];
        payload[8] = 1;
        using var stream = new MemoryStream();
        new FileHeader("EGVOCABL", 1, 1, 0, payload.Length, System.IO.Hashing.XxHash3.HashToUInt64(payload)).Write(stream);
        stream.Write(payload);
        var error = Assert.Throws<InvalidDataException>(() => LoadBytes(stream.ToArray()));
        Assert.Contains("within item 0 of 1", error.Message, StringComparison.Ordinal);
    }

    private static Vocabulary Vocabulary(int items)
    {
        var builder = new VocabularyBuilder();
        for (int i = 0; i < items; i++)
        {
            for (int times = 0; times <= i % 3; times++)
            {
                builder.Add("ïtem " + i.ToString(CultureInfo.InvariantCulture));
            }
        }

        return builder.Build(1, out _);
    }

    [Fact]
    public void Create_CountedItems_KeepsTheirOrder()
    {
        var vocabulary = Training.Vocabulary.Create([("z", 5), ("a", 5), ("m", 1)]);

        Assert.Equal((3, 11L), (vocabulary.Count, vocabulary.TotalCount));
        Assert.Equal(["z", "a", "m"], Enumerable.Range(0, 3).Select(item => vocabulary.IdOf(new(item))));
        Assert.True(vocabulary.TryGetOrdinal("a", out var ordinal));
        Assert.Equal((1, 5L), (ordinal.Value, vocabulary.CountOf(ordinal)));
    }

    [Theory]
    [InlineData("a", 2, "a", 1, "there twice")]
    [InlineData("a", 1, "b", 2, "above that of the item before")]
    [InlineData("a", 1, "b", 0, "below one")]
    public void Create_ItemsThatDoNotFit_AreRefusedByName(string first, long firstCount, string second, long secondCount, string expected)
    {
        var error = Assert.Throws<ArgumentException>(() => Training.Vocabulary.Create([(first, firstCount), (second, secondCount)]));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains($"'{second}'", error.Message, StringComparison.Ordinal);
    }

    private static byte[] Save(Vocabulary vocabulary)
    {
        using var stream = new MemoryStream();
        vocabulary.Save(stream);
        return stream.ToArray();
    }

    private Vocabulary LoadBytes(byte[] bytes)
    {
        File.WriteAllBytes(_directory["bytes"], bytes);
        return Training.Vocabulary.Load(_directory["bytes"]);
    }
}
