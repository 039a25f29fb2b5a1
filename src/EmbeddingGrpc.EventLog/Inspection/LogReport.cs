namespace EmbeddingGrpc.EventLog.Inspection;

/// <summary>What a log's directory holds and what is wrong with it.</summary>
/// <param name="Segments">In order of offset.</param>
/// <param name="Producers">Producers that the newest segment remembers.</param>
public sealed record LogReport(IReadOnlyList<SegmentReport> Segments, int Producers)
{
    /// <summary>True where nothing is damaged beyond a torn tail, which the next start repairs.</summary>
    public bool IsSound => Segments.All(segment => segment.Damage.All(damage => damage.IsTornTail));

    /// <summary>The oldest offset.</summary>
    public LogOffset FirstOffset => Segments.Count == 0 ? default : Segments[0].BaseOffset;

    /// <summary>The offset after the last readable entry.</summary>
    public LogOffset EndOffset => Segments.Count == 0 ? default : Segments[^1].EndOffset;

    /// <summary>Bytes of all segments.</summary>
    public long Bytes => Segments.Sum(segment => segment.Bytes);

    /// <summary>Interactions that can be read.</summary>
    public long Interactions => Segments.Sum(segment => segment.Interactions);

    /// <summary>What an interaction takes on disk, on average, with everything around it; 0 for an empty log.</summary>
    public double BytesPerInteraction => Interactions == 0 ? 0 : (double)Bytes / Interactions;
}
