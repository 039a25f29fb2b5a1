using System.Buffers.Binary;
using System.IO.Hashing;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Tests.Files;

public sealed class HnswFileTests
{
    public static TheoryData<SimilarityMetric, int> Cases =>
        new(from metric in Enum.GetValues<SimilarityMetric>() from count in (int[])[0, 1, 2, 800] select (metric, count));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Open_WhatWasSaved_AnswersTheSame(SimilarityMetric metric, int count)
    {
        using var table = TestVectors.Table(TestVectors.WithDuplicatesAndZeros(count, 20, seed: 1), 20);
        using var built = Build(table, metric);
        using var file = Saved(built);
        using var opened = HnswIndex.Open(file.Path, table);
        Assert.Equal((built.Count, built.Dimension, built.Metric, built.Options), (opened.Count, opened.Dimension, opened.Metric, opened.Options));
        GraphChecker.AssertSound(opened);
        foreach (var query in TestVectors.Clustered(20, 20, seed: 9))
        {
            Assert.Equal(Find(built, query), Find(opened, query));
        }
    }

    [Fact]
    public void Open_OverAnotherTable_IsRefused()
    {
        var rows = TestVectors.Clustered(100, 8, seed: 1);
        using var table = TestVectors.Table(rows, 8);
        using var index = Build(table, SimilarityMetric.Cosine);
        using var file = Saved(index);
        rows[^1][0] += 1;
        using var changed = TestVectors.Table(rows, 8);
        using var shorter = TestVectors.Table(rows[..99], 8);
        Assert.Contains("other values", Refusal(file.Path, changed), StringComparison.Ordinal);
        Assert.Contains("the table has 99", Refusal(file.Path, shorter), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_UnknownVersion_NamesIt()
    {
        using var table = TestVectors.Table(TestVectors.Clustered(100, 8, seed: 1), 8);
        using var index = Build(table, SimilarityMetric.Cosine);
        using var file = Saved(index);
        Alter(file.Path, bytes => BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), 77));
        Assert.Contains("version 77", Refusal(file.Path, table), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_NotAnIndex_SaysSo()
    {
        using var table = TestVectors.Table([], 8);
        using var file = new TemporaryFile();
        File.WriteAllBytes(file.Path, []);
        Assert.Contains("not an index file", Refusal(file.Path, table), StringComparison.Ordinal);
        File.WriteAllText(file.Path, new string('x', 10_000));
        Assert.Contains("not an index file", Refusal(file.Path, table), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_AnyTruncation_IsRefused()
    {
        using var table = TestVectors.Table(TestVectors.Clustered(200, 8, seed: 1), 8);
        using var index = Build(table, SimilarityMetric.Cosine);
        using var file = Saved(index);
        var whole = File.ReadAllBytes(file.Path);
        for (var length = 0; length < whole.Length; length += length < 300 ? 1 : 977)
        {
            File.WriteAllBytes(file.Path, whole[..length]);
            Refusal(file.Path, table);
        }
    }

    [Fact]
    public void Open_AnyBitFlippedInHeaderOrSections_IsRefused()
    {
        using var table = TestVectors.Table(TestVectors.Clustered(200, 8, seed: 1), 8);
        using var index = Build(table, SimilarityMetric.Euclidean);
        using var file = Saved(index);
        var whole = File.ReadAllBytes(file.Path);
        var random = new Random(1);
        for (var i = 0; i < 400; i++)
        {
            var at = i < 200 ? random.Next(4096) : SectionByte(whole, random);
            whole[at] ^= (byte)(1 << (i % 8));
            File.WriteAllBytes(file.Path, whole);
            Refusal(file.Path, table);
            whole[at] ^= (byte)(1 << (i % 8));
        }
    }

    [Fact]
    public void Open_GarbageWithRightChecksums_IsRefusedOrSearchesWithoutHarm()
    {
        using var table = TestVectors.Table(TestVectors.Clustered(200, 8, seed: 1), 8);
        using var index = Build(table, SimilarityMetric.Cosine);
        using var file = Saved(index);
        var whole = File.ReadAllBytes(file.Path);
        var random = new Random(2);
        var (opened, refused) = (0, 0);
        for (var i = 0; i < 600; i++)
        {
            var bytes = (byte[])whole.Clone();
            var at = i % 2 == 0 ? 12 + random.Next(400) : SectionByte(bytes, random);
            bytes[at] = (byte)random.Next(256);
            FixChecksums(bytes);
            File.WriteAllBytes(file.Path, bytes);
            try
            {
                using var garbage = HnswIndex.Open(file.Path, table);
                Assert.Equal(10, Find(garbage, [1, 0, 0, 0, 0, 0, 0, 1]).Distinct().Count());
                opened++;
            }
            catch (InvalidDataException e)
            {
                Assert.Contains(file.Path, e.Message, StringComparison.Ordinal);
                refused++;
            }
        }
        Assert.InRange(opened, 1, 599);
        Assert.InRange(refused, 1, 599);
    }

    private static HnswIndex Build(VectorTable table, SimilarityMetric metric) =>
        HnswIndex.Build(table, metric, new HnswOptions { M = 4, EfConstruction = 32, BuildThreads = 2 }, cancellationToken: TestContext.Current.CancellationToken);

    private static TemporaryFile Saved(HnswIndex index)
    {
        var file = new TemporaryFile();
        using var stream = File.Create(file.Path);
        index.Save(stream);
        return file;
    }

    private static Neighbor[] Find(HnswIndex index, float[] query)
    {
        var results = new Neighbor[10];
        return results[..index.Search(query, new SearchParameters(10), results, TestContext.Current.CancellationToken)];
    }

    private static string Refusal(string path, VectorTable table) => Assert.Throws<InvalidDataException>(() => HnswIndex.Open(path, table)).Message;

    private static void Alter(string path, Action<byte[]> change)
    {
        var bytes = File.ReadAllBytes(path);
        change(bytes);
        File.WriteAllBytes(path, bytes);
    }

    private static IEnumerable<(int Entry, int Offset, int Length)> Sections(byte[] bytes)
    {
        for (var i = 0; i < BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(80)); i++)
        {
            var entry = 128 + (32 * i);
            yield return (entry, (int)BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(entry + 8)), (int)BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(entry + 16)));
        }
    }

    private static int SectionByte(byte[] bytes, Random random)
    {
        var sections = Sections(bytes).ToArray();
        var (_, offset, length) = sections[random.Next(sections.Length)];
        return offset + random.Next(length);
    }

    private static void FixChecksums(byte[] bytes)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(80)) < 100)
        {
            foreach (var (entry, offset, length) in Sections(bytes))
            {
                if (offset < 0 || length < 0 || offset > bytes.Length - length) continue;
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(entry + 24), XxHash3.HashToUInt64(bytes.AsSpan(offset, length)));
            }
        }
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(4088), XxHash3.HashToUInt64(bytes.AsSpan(0, 4088)));
    }
}
