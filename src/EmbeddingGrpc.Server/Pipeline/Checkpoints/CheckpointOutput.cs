using System.Runtime.InteropServices;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Pipeline.Checkpoints;

/// <summary>Writes a checkpoint from its beginning, a block and its checksum at a time. One thread.</summary>
internal sealed class CheckpointOutput
{
    private readonly byte[] _block = new byte[CheckpointFormat.BlockBytes];
    private readonly List<CheckpointSection> _sections = [];
    private readonly IFile _file;
    private readonly CheckpointHeader _header;
    private List<ulong> _checksums = [];
    private int _filled;
    private long _written;

    /// <summary>Begins a checkpoint in an empty file.</summary>
    public CheckpointOutput(IFile file, LogOffset start)
    {
        (_file, _header) = (file, new CheckpointHeader(CheckpointFormat.Version, start));
        Span<byte> header = stackalloc byte[CheckpointFormat.HeaderBytes];
        _header.Write(header);
        file.Write(0, header);
        _written = header.Length;
    }

    /// <summary>Where in the file the next byte will lie.</summary>
    public long Position => _written + _filled;

    /// <summary>What is written from now on belongs to another section.</summary>
    /// <param name="name">At most 255 bytes of UTF-8.</param>
    public void BeginSection(string name)
    {
        EndSection();
        _checksums = [];
        _sections.Add(new CheckpointSection(name, _written, 0, _checksums));
    }

    public void Write<T>(T value)
        where T : unmanaged => Write(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            if (_filled == _block.Length) Flush();
            var part = Math.Min(bytes.Length, _block.Length - _filled);
            bytes[..part].CopyTo(_block.AsSpan(_filled));
            _filled += part;
            bytes = bytes[part..];
        }
    }

    /// <summary>Writes a section of pages, which <see cref="CheckpointPages"/> reads: chunks from a whole page of the file on, and their index.</summary>
    /// <param name="writeChunks">Writes the chunks.</param>
    /// <param name="writeIndex">Writes what the index has of its own; which kind each chunk is follows it.</param>
    /// <param name="kinds">Of the chunks, in their order; complete when they are written.</param>
    public void WritePages(Action writeChunks, Action writeIndex, List<byte> kinds)
    {
        while (Position % CheckpointFormat.PageBytes != 0) Write((byte)0);
        writeChunks();
        var start = Position;
        writeIndex();
        Write(kinds.Count);
        Write(CollectionsMarshal.AsSpan(kinds));
        Write((int)(Position - start));
    }

    /// <summary>Writes the table and brings everything to stable storage.</summary>
    /// <param name="end">Nothing written is from this offset on.</param>
    public void Complete(LogOffset end)
    {
        EndSection();
        new CheckpointTable(end, _sections).Write(_file, _written, _header);
        _file.Sync();
    }

    private void EndSection()
    {
        if (_sections.Count == 0) return;
        if (_filled > 0) Flush();
        _sections[^1] = _sections[^1] with { Length = _written - _sections[^1].Position };
    }

    private void Flush()
    {
        var filled = _block.AsSpan(0, _filled);
        _checksums.Add(Checksum.Of(filled));
        _file.Write(_written, filled);
        _written += _filled;
        _filled = 0;
    }
}
