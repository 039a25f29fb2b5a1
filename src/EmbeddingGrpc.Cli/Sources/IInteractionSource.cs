using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Sources;

/// <summary>
/// Behaviour read from a file, one interaction at a time and in the order of the file. The texts are valid until the next <see cref="Read"/>: a file
/// of any size is read in the memory of one line.
/// </summary>
internal interface IInteractionSource : IDisposable
{
    /// <summary>Goes to the next interaction.</summary>
    /// <exception cref="SourceFormatException">The file as a whole cannot be read on.</exception>
    ReadOutcome Read();

    /// <summary>Where the current interaction or problem is.</summary>
    SourcePosition Position { get; }

    /// <summary>What is wrong, after <see cref="ReadOutcome.Refused"/>.</summary>
    string Problem { get; }

    ReadOnlySpan<char> UserId { get; }

    ReadOnlySpan<char> ItemId { get; }

    long EventTimeMs { get; }

    InteractionType Type { get; }

    /// <summary>Null where the source has none.</summary>
    float? Weight { get; }

    /// <summary>Lines left out because the caller asked for it, such as low ratings.</summary>
    long FilteredLines { get; }
}
