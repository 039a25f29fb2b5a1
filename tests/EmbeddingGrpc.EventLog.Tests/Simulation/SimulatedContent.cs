namespace EmbeddingGrpc.EventLog.Tests.Simulation;

/// <summary>One file's bytes: as a process reads them, as they are on the platter, and the changes between.</summary>
internal sealed class SimulatedContent
{
    private const int Sector = 512;

    private readonly List<Change> _unsynced = [];
    private byte[] _bytes = [];
    private byte[] _stable = [];
    private int _stableLength;

    public int Length { get; private set; }

    public Span<byte> Bytes => _bytes.AsSpan(0, Length);

    public int Read(long position, Span<byte> buffer)
    {
        var count = (int)Math.Clamp(Length - position, 0, buffer.Length);
        if (count > 0) _bytes.AsSpan((int)position, count).CopyTo(buffer);
        return count;
    }

    public void Write(long position, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == 0) return;
        _unsynced.Add(new Change((int)position, bytes.ToArray()));
        Length = Apply(ref _bytes, Length, (int)position, bytes);
    }

    public void SetLength(long length)
    {
        _unsynced.Add(new Change((int)length, null));
        Length = Resize(ref _bytes, Length, (int)length);
    }

    public void Sync()
    {
        foreach (var change in _unsynced) ApplyToStable(change);
        _unsynced.Clear();
    }

    /// <summary>An fsync failed: some of what was written has reached the platter, and the rest will not by itself.</summary>
    public void ForgetUnsynced(Random random)
    {
        foreach (var change in _unsynced.Where(_ => random.Next(2) == 0)) ApplyTornToStable(change, random);
        _unsynced.Clear();
    }

    public void LosePower(Random random)
    {
        // 0: nothing unsynced arrived; 1: everything did; else each sector for itself.
        var mode = random.Next(4);
        foreach (var change in _unsynced)
        {
            if (mode == 1) ApplyToStable(change);
            else if (mode > 1) ApplyTornToStable(change, random);
        }
        _unsynced.Clear();
        _bytes = _stable.AsSpan(0, _stableLength).ToArray();
        Length = _stableLength;
    }

    private void ApplyToStable(Change change)
    {
        _stableLength = change.Bytes is { } bytes
            ? Apply(ref _stable, _stableLength, change.Position, bytes)
            : Resize(ref _stable, _stableLength, change.Position);
    }

    private void ApplyTornToStable(Change change, Random random)
    {
        if (change.Bytes is not { } bytes)
        {
            if (random.Next(2) == 0) ApplyToStable(change);
            return;
        }
        for (var at = 0; at < bytes.Length;)
        {
            var end = Math.Min(bytes.Length, at + Sector - (change.Position + at) % Sector);
            if (random.Next(2) == 0) _stableLength = Apply(ref _stable, _stableLength, change.Position + at, bytes.AsSpan(at, end - at));
            at = end;
        }
    }

    private static int Apply(ref byte[] target, int length, int position, ReadOnlySpan<byte> bytes)
    {
        var end = position + bytes.Length;
        if (end > length) Resize(ref target, length, end);
        bytes.CopyTo(target.AsSpan(position));
        return Math.Max(length, end);
    }

    private static int Resize(ref byte[] target, int length, int newLength)
    {
        if (newLength > target.Length) Array.Resize(ref target, Math.Max(newLength, target.Length * 2));
        if (newLength > length) target.AsSpan(length, newLength - length).Clear();
        return newLength;
    }

    /// <summary>A write, or a new length where there are no bytes.</summary>
    private readonly record struct Change(int Position, byte[]? Bytes);
}
