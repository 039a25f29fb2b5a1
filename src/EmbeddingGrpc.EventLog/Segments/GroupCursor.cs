using System.Buffers;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.EventLog.Groups;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.EventLog.Segments;

/// <summary>
/// Reads the groups of one file through a window of bytes: many small groups cost one read, a large group costs memory for itself. One owner.
/// </summary>
internal sealed class GroupCursor(IFile file, long salt) : IDisposable
{
    private const int WindowSize = 256 * 1024;

    private byte[] _window = ArrayPool<byte>.Shared.Rent(WindowSize);
    private long _windowPosition;
    private int _windowLength;

    /// <summary>Reads the header at a position of the file.</summary>
    /// <param name="position">Where it should stand.</param>
    /// <param name="limit">No byte from here on is looked at.</param>
    /// <param name="header">Its content.</param>
    /// <returns>False where there is none, or one that belongs elsewhere or reaches beyond the limit.</returns>
    public bool TryReadHeader(long position, long limit, out GroupHeader header)
    {
        header = default;
        if (limit - position < GroupHeader.Size || !Fill(position, GroupHeader.Size, limit)) return false;
        return GroupHeader.TryRead(_window.AsSpan((int)(position - _windowPosition), GroupHeader.Size), salt, out header)
            && header.Position == position
            && header.PayloadLength <= limit - position - GroupHeader.Size;
    }

    /// <summary>Reads and checks a payload. The bytes stay until the next call.</summary>
    /// <returns>False where the checksum is wrong or the file ends early.</returns>
    public bool TryReadPayload(in GroupHeader header, long limit, out byte[] bytes, out int start)
    {
        bytes = _window;
        start = 0;
        var position = header.Position + GroupHeader.Size;
        if (!Fill(position, header.PayloadLength, limit)) return false;
        bytes = _window;
        start = (int)(position - _windowPosition);
        return Checksum.Of(_window.AsSpan(start, header.PayloadLength), salt) == header.PayloadHash;
    }

    public void Dispose()
    {
        if (_window.Length > 0) ArrayPool<byte>.Shared.Return(_window);
        _window = [];
        _windowLength = 0;
    }

    private bool Fill(long position, int length, long limit)
    {
        var from = position - _windowPosition;
        if (from >= 0 && from + length <= _windowLength) return true;
        if (length > _window.Length)
        {
            ArrayPool<byte>.Shared.Return(_window);
            _window = [];
            _window = ArrayPool<byte>.Shared.Rent(length);
        }
        _windowPosition = position;
        _windowLength = file.Read(position, _window.AsSpan(0, (int)Math.Min(_window.Length, limit - position)));
        return _windowLength >= length;
    }
}
