using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EmbeddingGrpc.EventLog.Files;

namespace EmbeddingGrpc.Server.Pipeline.Checkpoints;

/// <summary>Reads a file from its beginning, buffered. One thread.</summary>
internal sealed class CheckpointInput(IFile file)
{
    private readonly byte[] _buffer = new byte[1 << 20];
    private readonly long _end = file.Length - CheckpointFormat.ChecksumBytes;
    private int _filled;
    private int _taken;
    private long _read;

    /// <summary>Compares the checksum at the end with what is before it.</summary>
    /// <exception cref="CheckpointCorruptException">They differ.</exception>
    public static void Verify(IFile file)
    {
        if (!IsIntact(file)) throw new CheckpointCorruptException("its checksum is wrong");
    }

    /// <summary>Whether the checksum at the end is that of what is before it.</summary>
    /// <param name="file">A checkpoint.</param>
    /// <param name="version">What to take for its version, whatever it says; null is what it says.</param>
    /// <exception cref="CheckpointCorruptException">It is too short for a checksum.</exception>
    public static bool IsIntact(IFile file, uint? version = null)
    {
        var end = file.Length - CheckpointFormat.ChecksumBytes;
        if (end < 0) throw new CheckpointCorruptException("it is shorter than its checksum");
        var checksum = new XxHash3();
        var buffer = new byte[1 << 20];
        for (var position = 0L; position < end;)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - position));
            if (file.Read(position, part) < part.Length) throw new CheckpointCorruptException("it became shorter while it was read");
            if (position == 0 && version is { } other) BinaryPrimitives.WriteUInt32LittleEndian(part[sizeof(ulong)..], other);
            checksum.Append(part);
            position += part.Length;
        }

        Span<byte> stored = stackalloc byte[CheckpointFormat.ChecksumBytes];
        file.Read(end, stored);
        return BinaryPrimitives.ReadUInt64LittleEndian(stored) == checksum.GetCurrentHashAsUInt64();
    }

    public T Read<T>()
        where T : unmanaged
    {
        Unsafe.SkipInit(out T value);
        Read(MemoryMarshal.AsBytes(new Span<T>(ref value)));
        return value;
    }

    public void Read(Span<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            if (_taken == _filled) Fill();
            var part = Math.Min(bytes.Length, _filled - _taken);
            _buffer.AsSpan(_taken, part).CopyTo(bytes);
            _taken += part;
            bytes = bytes[part..];
        }
    }

    private void Fill()
    {
        var part = (int)Math.Min(_buffer.Length, _end - _read);
        if (part <= 0 || file.Read(_read, _buffer.AsSpan(0, part)) < part) throw new CheckpointCorruptException("it ends before it should");
        (_filled, _taken) = (part, 0);
        _read += part;
    }
}
