namespace EmbeddingGrpc.EventLog;

/// <summary>A position in a log, counted in entries from 0, never in bytes. As a watermark: how many entries precede it.</summary>
public readonly record struct LogOffset(long Value) : IComparable<LogOffset>
{
    /// <inheritdoc/>
    public int CompareTo(LogOffset other) => Value.CompareTo(other.Value);

    /// <summary>Order of positions.</summary>
    public static bool operator <(LogOffset left, LogOffset right) => left.Value < right.Value;

    /// <summary>Order of positions.</summary>
    public static bool operator >(LogOffset left, LogOffset right) => left.Value > right.Value;

    /// <summary>Order of positions.</summary>
    public static bool operator <=(LogOffset left, LogOffset right) => left.Value <= right.Value;

    /// <summary>Order of positions.</summary>
    public static bool operator >=(LogOffset left, LogOffset right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
