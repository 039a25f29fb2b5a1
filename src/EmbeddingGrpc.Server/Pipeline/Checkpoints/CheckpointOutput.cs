using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using EmbeddingGrpc.EventLog.Files;

namespace EmbeddingGrpc.Server.Pipeline.Checkpoints;

/// <summary>Writes a file from its beginning, buffered, with a running checksum. One thread.</summary>
internal sealed class CheckpointOutput(IFile file)
{
    private readonly byte[] _buffer = new byte[1 << 20];
    private readonly XxHash3 _checksum = new();
    private int _filled;
    private long _written;

    /// <summary>Bytes so far.</summary>
    public long Length => _written + _filled;

    public void Write<T>(T value)
        where T : unmanaged => Write(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            if (_filled == _buffer.Length) Flush();
            var part = Math.Min(bytes.Length, _buffer.Length - _filled);
            bytes[..part].CopyTo(_buffer.AsSpan(_filled));
            _filled += part;
            bytes = bytes[part..];
        }
    }

    /// <summary>Writes the checksum and brings everything to stable storage.</summary>
    public void Complete()
    {
        Flush();
        Span<byte> checksum = stackalloc byte[CheckpointFormat.ChecksumBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(checksum, _checksum.GetCurrentHashAsUInt64());
        file.Write(_written, checksum);
        file.Sync();
    }

    private void Flush()
    {
        var filled = _buffer.AsSpan(0, _filled);
        _checksum.Append(filled);
        file.Write(_written, filled);
        _written += _filled;
        _filled = 0;
    }
}
