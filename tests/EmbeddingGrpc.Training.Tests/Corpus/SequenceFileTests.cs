using System.Text;
using CsCheck;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training.Tests;

public sealed class SequenceFileTests
{
    private static readonly string[] Pieces = ["a", "bb", "é", " ", "\t", "\n", "\r\n", "  ", "\n\n"];

    [Fact]
    public void Read_AnyFile_AgreesWithSplittingLines() => Gen.Int[0, 8].Select(i => Pieces[i]).Array[0, 200].Sample(pieces =>
    {
        string text = string.Concat(pieces);
        string[][] expected = [.. text.Split('\n').Select(line => line.Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries)).Where(line => line.Length > 0)];
        Assert.Equal(expected, Sessions(Read(new MemoryStream(Encoding.UTF8.GetBytes(text)))));
    });

    [Fact]
    public void Read_ByteAtATime_JoinsWhatBlocksCut()
    {
        var corpus = Read(new TrickleStream("one two\nthree\n\nfour  five"u8.ToArray()));
        Assert.Equal([["one", "two"], ["three"], ["four", "five"]], Sessions(corpus));
    }

    [Fact]
    public void Read_LongerThanABlock_LosesNothing()
    {
        var text = new StringBuilder();
        for (int line = 0; line < 60_000; line++)
        {
            text.Append("item-").Append(line % 1000).Append(' ').Append("other-").Append(line % 77).Append('\n');
        }

        var corpus = Read(new MemoryStream(Encoding.UTF8.GetBytes(text.ToString())));
        Assert.Equal((60_000, 120_000L, 1077), (corpus.SessionCount, corpus.WordCount, corpus.Vocabulary.Count));
        Assert.True(corpus.Vocabulary.TryGetOrdinal("item-999", out var item));
        Assert.Equal(60, corpus.Vocabulary.CountOf(item));
    }

    [Fact]
    public void Read_MinimumCount_DropsRareItemsAndEmptySessions()
    {
        var corpus = Read(new MemoryStream("a b a\nc\na d"u8.ToArray()), minimumCount: 2);
        Assert.Equal([["a", "a"], ["a"]], Sessions(corpus));
    }

    [Fact]
    public void Read_ItemTooLong_NamesTheLine()
    {
        byte[] text = [.. "a b\n"u8, .. new byte[70_000].Select(_ => (byte)'x')];
        var error = Assert.Throws<InvalidDataException>(() => Read(new MemoryStream(text)));
        Assert.Contains("'test' line 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_EmptyFile_IsAnEmptyCorpus() => Assert.Equal(0, Read(new MemoryStream()).SessionCount);

    [Fact]
    public void Read_Path_ReportsProgressToTheEnd()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory["s.txt"], "a b\nc d\n");
        var reports = new Last();
        Assert.Equal(2, SequenceFile.Read(directory["s.txt"], 1, reports, TestContext.Current.CancellationToken).SessionCount);
        Assert.Equal(1, reports.Value);
    }

    private static TrainingCorpus Read(Stream stream, int minimumCount = 1) =>
        SequenceFile.Read(stream, "test", minimumCount, null, TestContext.Current.CancellationToken);

    private static string[][] Sessions(TrainingCorpus corpus) =>
        [.. Enumerable.Range(0, corpus.SessionCount).Select(s =>
            corpus.Session(s).ToArray().Select(i => corpus.Vocabulary.IdOf(new ItemOrdinal(i))).ToArray())];

    private sealed class Last : IProgress<double>
    {
        public double Value { get; private set; }

        public void Report(double value) => Value = value;
    }

    private sealed class TrickleStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(1, count));
    }
}
