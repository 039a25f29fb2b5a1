namespace EmbeddingGrpc.Training.Word2vec;

/// <summary>A stream's bytes one by one through a buffer, with a look ahead. Not thread-safe.</summary>
/// <param name="source">Stays open.</param>
internal sealed class ByteReader(Stream source)
{
    private readonly byte[] _buffer = new byte[1 << 16];
    private int _at;
    private int _end;

    /// <summary>The next byte, or -1 at the end.</summary>
    public int Read() => Fill() ? _buffer[_at++] : -1;

    /// <summary>The next byte without taking it, or -1 at the end.</summary>
    public int Peek() => Fill() ? _buffer[_at] : -1;

    /// <summary>As many of the coming bytes as fit the buffer, without taking them.</summary>
    public ReadOnlySpan<byte> PeekBlock()
    {
        _buffer.AsSpan(_at, _end - _at).CopyTo(_buffer);
        _end -= _at;
        _at = 0;
        _end += source.ReadAtLeast(_buffer.AsSpan(_end), _buffer.Length - _end, throwOnEndOfStream: false);
        return _buffer.AsSpan(0, _end);
    }

    /// <summary>Fills a span. Returns how much of it, less than all only at the end.</summary>
    public int Read(Span<byte> destination)
    {
        int buffered = Math.Min(destination.Length, _end - _at);
        _buffer.AsSpan(_at, buffered).CopyTo(destination);
        _at += buffered;
        return buffered + source.ReadAtLeast(destination[buffered..], destination.Length - buffered, throwOnEndOfStream: false);
    }

    private bool Fill()
    {
        if (_at == _end)
        {
            _at = 0;
            _end = source.Read(_buffer);
        }

        return _at < _end;
    }
}
