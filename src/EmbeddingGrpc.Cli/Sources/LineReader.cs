using System.Text;

namespace EmbeddingGrpc.Cli.Sources;

/// <summary>Lines of UTF-8 text without a string for each: a span of a buffer that grows to the longest line, within a bound.</summary>
internal sealed class LineReader(TextReader reader, string name) : IDisposable
{
    /// <summary>A longer "line" is a file of another kind, and would fill the memory.</summary>
    public const int MaximumLength = 64 * 1024 * 1024;

    private char[] _buffer = new char[64 * 1024];
    private int _start;
    private int _end;
    private bool _atEnd;

    /// <summary>Lines read so far: the number of the current one, from 1.</summary>
    public long Line { get; private set; }

    /// <summary>The next line without its end; valid until the next call.</summary>
    /// <returns>False at the end of the file.</returns>
    /// <exception cref="SourceFormatException">The line is too long, or not UTF-8.</exception>
    public bool TryRead(out ReadOnlySpan<char> line)
    {
        var searched = 0;
        while (true)
        {
            var newline = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf('\n');
            if (newline >= 0)
            {
                line = _buffer.AsSpan(_start, searched + newline).TrimEnd('\r');
                _start += searched + newline + 1;
                Line++;
                return true;
            }
            searched = _end - _start;
            if (_atEnd || !Fill())
            {
                _atEnd = true;
                line = _buffer.AsSpan(_start, searched).TrimEnd('\r');
                _start = _end;
                if (searched == 0) return false;
                Line++;
                return true;
            }
        }
    }

    public void Dispose() => reader.Dispose();

    private bool Fill()
    {
        var kept = _end - _start;
        if (kept >= MaximumLength)
            throw new SourceFormatException(name, Line + 1, $"the line is longer than {MaximumLength:N0} characters; is this a text file with one sequence a line?");
        if (_start > 0) _buffer.AsSpan(_start, kept).CopyTo(_buffer);
        (_start, _end) = (0, kept);
        if (kept == _buffer.Length) Array.Resize(ref _buffer, _buffer.Length * 2);
        try
        {
            var read = reader.Read(_buffer, _end, _buffer.Length - _end);
            _end += read;
            return read > 0;
        }
        catch (DecoderFallbackException e)
        {
            throw new SourceFormatException(name, Line + 1, $"not UTF-8 here or a little further on ({e.Message.TrimEnd('.')}); convert it with iconv -t UTF-8");
        }
    }
}
