using System.Text;
using CsCheck;
using EmbeddingGrpc.Cli.Sources;

namespace EmbeddingGrpc.Cli.Tests.Sources;

public sealed class LineReaderTests
{
    private static readonly Gen<string> Lines = Gen.String[Gen.Char['a', 'z'], 0, 200_000].Array[0, 4].Select(lines => string.Join('\n', lines));

    [Fact]
    public void TryRead_AnyText_GivesTheLinesThatStringReaderGives() =>
        Lines.Sample(
            text =>
            {
                using var oracle = new StringReader(text);
                using var reader = new LineReader(new StringReader(text), "file");
                var count = 0;
                while (oracle.ReadLine() is { } expected)
                {
                    Assert.True(reader.TryRead(out var line));
                    Assert.Equal(expected, line.ToString());
                    Assert.Equal(++count, reader.Line);
                }
                Assert.False(reader.TryRead(out _));
                Assert.False(reader.TryRead(out _));
            },
            iter: 50);

    [Fact]
    public void TryRead_NotUtf8_NamesTheFileAndTheFix()
    {
        byte[] latin1 = [.. "ann a\nbob caf"u8, 0xE9, (byte)'\n'];
        using var reader = new LineReader(new StreamReader(new MemoryStream(latin1), new UTF8Encoding(false, true)), "file");

        var e = Assert.Throws<SourceFormatException>(() => reader.TryRead(out _));

        Assert.StartsWith("file:1: not UTF-8 here or a little further on", e.Message, StringComparison.Ordinal);
        Assert.Contains("iconv", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TryRead_LineWithoutEnd_IsRefusedBeforeItFillsTheMemory()
    {
        using var reader = new LineReader(new EndlessReader(), "file");

        var e = Assert.Throws<SourceFormatException>(() => reader.TryRead(out _));

        Assert.Contains("longer than", e.Message, StringComparison.Ordinal);
    }

    private sealed class EndlessReader : TextReader
    {
        public override int Read(char[] buffer, int index, int count)
        {
            buffer.AsSpan(index, count).Fill('x');
            return count;
        }
    }
}
