using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Pipeline.Checkpoints;

/// <summary>Reads a section of a checkpoint from its beginning; what it hands out was checked. One thread; others may read other sections of the file meanwhile.</summary>
internal sealed class CheckpointInput
{
    private readonly IFile _file;
    private readonly IReadOnlyList<ulong>? _checksums;
    private byte[] _buffer = new byte[2 * CheckpointFormat.BlockBytes];
    private long _position;
    private long _left;
    private int _block;
    private int _taken;
    private int _filled;

    /// <summary>Reads a section and checks each block of it.</summary>
    public CheckpointInput(IFile file, CheckpointSection section)
        : this(file, section.Position, section.Length) => _checksums = section.Checksums;

    /// <summary>Reads bytes that were checked before.</summary>
    public CheckpointInput(IFile file, long position, long length) => (_file, _position, _left) = (file, position, length);

    public T Read<T>()
        where T : unmanaged => MemoryMarshal.Read<T>(Take(Unsafe.SizeOf<T>()));

    public void Read(Span<byte> bytes) => Take(bytes.Length).CopyTo(bytes);

    /// <summary>The next bytes, which stay until the next call.</summary>
    /// <exception cref="CheckpointCorruptException">There are not so many, or they are damaged.</exception>
    public ReadOnlySpan<byte> Take(int length)
    {
        if (_filled - _taken < length) Fill(length);
        _taken += length;
        return _buffer.AsSpan(_taken - length, length);
    }

    /// <summary>Says that all was read that should be.</summary>
    /// <exception cref="CheckpointCorruptException">There is more.</exception>
    public void End()
    {
        if (_left > 0 || _taken < _filled) throw new CheckpointCorruptException("a section is longer than what it should have");
    }

    // A block at a time, behind what is left of those before.
    private void Fill(int length)
    {
        var rest = _buffer.AsSpan(_taken, _filled - _taken);
        if (length > rest.Length + _left) throw new CheckpointCorruptException("it ends before it should");
        var buffer = length + CheckpointFormat.BlockBytes <= _buffer.Length ? _buffer : new byte[length + CheckpointFormat.BlockBytes];
        rest.CopyTo(buffer);
        (_buffer, _taken, _filled) = (buffer, 0, rest.Length);
        while (_filled < length) ReadBlock();
    }

    private void ReadBlock()
    {
        var block = _buffer.AsSpan(_filled, (int)Math.Min(CheckpointFormat.BlockBytes, _left));
        if (_file.Read(_position, block) < block.Length) throw new CheckpointCorruptException("it became shorter while it was read");
        if (_checksums is { } checksums && Checksum.Of(block) != checksums[_block]) throw new CheckpointCorruptException($"the checksum at byte {_position} is wrong");
        _block++;
        _position += block.Length;
        _left -= block.Length;
        _filled += block.Length;
    }
}
