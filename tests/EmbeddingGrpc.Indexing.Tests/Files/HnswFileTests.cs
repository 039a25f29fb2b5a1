using System.Buffers.Binary;
using System.IO.Hashing;
using EmbeddingGrpc.Indexing.Files;
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
        foreach (var options in AllOptions)
        {
            using var opened = HnswIndex.Open(file.Path, table, options);
            Assert.Equal((built.Count, built.Dimension, built.Metric, built.Options), (opened.Count, opened.Dimension, opened.Metric, opened.Options));
            GraphChecker.AssertSound(opened);
            foreach (var query in TestVectors.Clustered(20, 20, seed: 9))
            {
                Assert.Equal(Find(built, query), Find(opened, query));
            }
        }
        HnswIndex.Verify(file.Path, TestContext.Current.CancellationToken);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Open_WhatWasWrittenTo_GoesOnWhereItStood(SimilarityMetric metric, int count)
    {
        var rows = TestVectors.WithDuplicatesAndZeros(count + 600, 20, seed: 1);
        using var table = TestVectors.Table(rows[..count], 20);
        using var built = Build(table, metric);
        Write(built, rows, count, count + 300);
        using var file = Saved(built);
        var bytes = File.ReadAllBytes(file.Path);
        Write(built, rows, count + 300, count + 600);
        foreach (var options in AllOptions)
        {
            using var opened = HnswIndex.Open(file.Path, table, options);
            Assert.Equal(count + 300, opened.Items);
            GraphChecker.AssertSound(opened);
            Write(opened, rows, count + 300, count + 600);
            GraphChecker.AssertSound(opened);
            Assert.Equal((built.Items, built.Count), (opened.Items, opened.Count));
            var queries = TestVectors.Clustered(50, 20, seed: 9);
            Assert.InRange(Recall(opened, rows, queries), Recall(built, rows, queries) - 0.05, 1);
        }
        // Mapped copy-on-write: what was written above is not in the file.
        Assert.Equal(bytes, File.ReadAllBytes(file.Path));

        static void Write(HnswIndex index, List<float[]> rows, int from, int to)
        {
            for (var i = from; i < to; i++)
            {
                index.Insert(rows[i]);
                if (i % 3 == 0) index.Delete(new ItemOrdinal(i / 2));
            }
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
    public void Open_Version3WithAChecksumOfAllBytesOfASection_AnswersTheSameAndIsVerified()
    {
        // Links of more than four million bytes.
        using var table = TestVectors.Table(TestVectors.Clustered(9000, 8, seed: 1), 8);
        using var index = HnswIndex.Build(table, SimilarityMetric.Cosine, new HnswOptions { M = 64, EfConstruction = 8, BuildThreads = 2 }, cancellationToken: TestContext.Current.CancellationToken);
        using var file = Saved(index);
        var old = File.ReadAllBytes(file.Path);
        BinaryPrimitives.WriteUInt32LittleEndian(old.AsSpan(8), 3);
        FixChecksums(old, section => XxHash3.HashToUInt64(section.Span));
        File.WriteAllBytes(file.Path, old);
        foreach (var options in AllOptions)
        {
            using var opened = HnswIndex.Open(file.Path, table, options);
            Assert.Equal(Find(index, new float[8]), Find(opened, new float[8]));
        }

        HnswIndex.Verify(file.Path, TestContext.Current.CancellationToken);
        var (_, offset, length) = Sections(old).MaxBy(section => section.Length);
        Assert.True(length > 4 << 20);
        Alter(file.Path, bytes => bytes[offset + (length / 2)] ^= 1);
        Assert.Contains("section of Links of layer 0", Refusal(file.Path, table), StringComparison.Ordinal);
        Assert.Throws<InvalidDataException>(() => HnswIndex.Verify(file.Path, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Save_SectionsOfSeveralParts_HaveTheChecksumThatTheFormatNames()
    {
        using var table = TestVectors.Table(TestVectors.Clustered(9000, 64, seed: 1), 64);
        using var index = Build(table, SimilarityMetric.Cosine);
        using var file = Saved(index);
        var saved = File.ReadAllBytes(file.Path);
        Assert.Contains(Sections(saved), section => section.Length > 256 * 1024);
        var again = (byte[])saved.Clone();
        FixChecksums(again, OfParts);
        Assert.Equal(again, saved);
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
        for (var i = 0; i < 300; i++)
        {
            var at = i < 200 ? random.Next(4096) : SectionByte(whole, random);
            whole[at] ^= (byte)(1 << (i % 8));
            File.WriteAllBytes(file.Path, whole);
            Refusal(file.Path, table);
            whole[at] ^= (byte)(1 << (i % 8));
        }
    }

    [Fact]
    public void Open_ABitFlippedInSectionsThatAreVerifiedBesideEachOther_NamesTheSection()
    {
        // Codes and links of more than four million bytes each.
        using var table = TestVectors.Table(TestVectors.Clustered(9000, 1024, seed: 1), 1024);
        using var index = HnswIndex.Build(table, SimilarityMetric.Cosine, new HnswOptions { M = 64, EfConstruction = 8, BuildThreads = 2 }, cancellationToken: TestContext.Current.CancellationToken);
        using var file = Saved(index);
        var whole = File.ReadAllBytes(file.Path);
        var large = Sections(whole).Where(section => section.Length > 4 << 20).ToArray();
        Assert.Equal(2, large.Length);
        using (var opened = HnswIndex.Open(file.Path, table)) Assert.Equal(Find(index, new float[1024]), Find(opened, new float[1024]));
        var told = new HashSet<string>();
        foreach (var damaged in new[] { large[..1], large[1..], large })
        {
            foreach (var (_, offset, length) in damaged) whole[offset + length - 1] ^= 1;
            File.WriteAllBytes(file.Path, whole);
            told.Add(Refusal(file.Path, table).Split(" is corrupt: ")[1]);
            foreach (var (_, offset, length) in damaged) whole[offset + length - 1] ^= 1;
        }

        Assert.Equal(
            ["the checksum of its section of Codes of layer 0 does not match.", "the checksum of its section of Links of layer 0 does not match."], told.Order());

        // Whichever thread comes to it.
        foreach (var (entry, offset, length) in large)
        {
            var kind = (SectionKind)BinaryPrimitives.ReadInt32LittleEndian(whole.AsSpan(entry));
            for (var at = offset; at < offset + length; at += SectionChecksum.PartBytes)
            {
                whole[at] ^= 1;
                File.WriteAllBytes(file.Path, whole);
                whole[at] ^= 1;
                Assert.Contains($"section of {kind} ", Refusal(file.Path, table), StringComparison.Ordinal);
            }
        }

        File.WriteAllBytes(file.Path, whole);
        using (var opened = HnswIndex.Open(file.Path, table)) Assert.Equal(Find(index, new float[1024]), Find(opened, new float[1024]));
    }

    [Fact]
    public void Open_UnverifiedGarbage_NeverFailsASearchAndIsFoundBeforeWritingOrVerifying()
    {
        using var table = TestVectors.Table(TestVectors.Clustered(900, 8, seed: 1), 8);
        using var index = Build(table, SimilarityMetric.DotProduct);
        index.Insert(new float[8]);
        using var file = Saved(index);
        var whole = File.ReadAllBytes(file.Path);
        var random = new Random(3);
        var refused = 0;
        for (var i = 0; i < 200; i++)
        {
            var bytes = (byte[])whole.Clone();
            for (var flips = 0; flips < 50; flips++) bytes[SectionByte(bytes, random)] = (byte)random.Next(256);
            File.WriteAllBytes(file.Path, bytes);
            Assert.Throws<InvalidDataException>(() => HnswIndex.Verify(file.Path, TestContext.Current.CancellationToken));
            try
            {
                using var garbage = HnswIndex.Open(file.Path, table, new IndexOpenOptions { Verified = false });
                for (var q = 0; q < 5; q++)
                {
                    Assert.Equal(Find(garbage, [1, q, 0, 0, -q, 0, 0, 1]).Length, Find(garbage, [1, q, 0, 0, -q, 0, 0, 1]).Select(n => n.Item).Distinct().Count());
                }
                garbage.Insert(new float[8]);
            }
            catch (InvalidDataException e)
            {
                Assert.Contains(file.Path, e.Message, StringComparison.Ordinal);
                refused++;
            }
        }
        Assert.InRange(refused, 1, 200);
    }

    [Fact]
    public void Open_GarbageWithRightChecksums_IsRefusedOrSearchesWithoutHarm()
    {
        using var table = TestVectors.Table(TestVectors.Clustered(600, 8, seed: 1), 8);
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
            FixChecksums(bytes, OfParts);
            File.WriteAllBytes(file.Path, bytes);
            try
            {
                using var garbage = HnswIndex.Open(file.Path, table);
                Assert.Equal(10, Find(garbage, [1, 0, 0, 0, 0, 0, 0, 1]).Distinct().Count());
                garbage.Insert(new float[8]);
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

    private static IndexOpenOptions[] AllOptions =>
    [
        new(), new() { Mapped = false }, new() { Verified = false }, new() { Mapped = false, Verified = false },
    ];

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

    private static double Recall(HnswIndex index, List<float[]> rows, List<float[]> queries) =>
        queries.Average(query => Oracle.Recall(index.Metric, query, rows, Find(index, query), 10, i => index.Contains(new ItemOrdinal(i))));

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
        var sections = Sections(bytes).Where(section => section.Length > 0).ToArray();
        var (_, offset, length) = sections[random.Next(sections.Length)];
        return offset + random.Next(length);
    }

    // As the format says, by the library.
    private static ulong OfParts(ReadOnlyMemory<byte> section)
    {
        var parts = new List<byte>();
        for (var at = 0; at < Math.Max(1, section.Length); at += 256 * 1024)
            parts.AddRange(BitConverter.GetBytes(XxHash3.HashToUInt64(section.Span.Slice(at, Math.Min(256 * 1024, section.Length - at)))));
        return XxHash3.HashToUInt64(parts.ToArray());
    }

    private static void FixChecksums(byte[] bytes, Func<ReadOnlyMemory<byte>, ulong> checksum)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(80)) < 100)
        {
            foreach (var (entry, offset, length) in Sections(bytes))
            {
                if (offset < 0 || length < 0 || offset > bytes.Length - length) continue;
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(entry + 24), checksum(bytes.AsMemory(offset, length)));
            }
        }
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(4088), XxHash3.HashToUInt64(bytes.AsSpan(0, 4088)));
    }
}
