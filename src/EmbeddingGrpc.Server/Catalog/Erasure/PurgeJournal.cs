using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Models.Files;

namespace EmbeddingGrpc.Server.Catalog.Erasure;

/// <summary>
/// Which purges of a stream are under way: a file each, named by the log offset behind the items' deletion, with a line for the format and one for each item id.
/// Any number of threads.
/// </summary>
internal sealed class PurgeJournal
{
    private const string Format = "embeddinggrpc purge ";
    private const int FormatVersion = 1;
    private const int NameLength = 20;

    private readonly NoteFiles _notes;

    /// <summary>Opens the journal in a directory, which is made with the first purge.</summary>
    /// <exception cref="IOException">A note cannot be read, or a newer version wrote it.</exception>
    public PurgeJournal(string directory, DurableFiles files)
    {
        _notes = new NoteFiles(directory, files);
        Interrupted = [.. _notes.Names(name => name.Length == NameLength && name.All(char.IsAsciiDigit)).Select(name => Read(_notes.PathOf(name)))];
    }

    /// <summary>Purges that were under way when the journal was closed, the oldest first.</summary>
    public IReadOnlyList<PurgeNote> Interrupted { get; }

    /// <summary>Notes a purge, durably.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public PurgeNote Begin(IReadOnlySet<string> items, LogOffset deleted)
    {
        // An id has no control characters, so a line holds any.
        var text = $"{Format}{FormatVersion}\n{string.Concat(items.Order(StringComparer.Ordinal).Select(item => item + "\n"))}";
        _notes.Write(NameOf(deleted), Encoding.UTF8.GetBytes(text));
        return new PurgeNote(deleted, items);
    }

    /// <summary>Takes a purge off.</summary>
    /// <exception cref="IOException">The disk refused; it is finished again at the next start, which is harmless.</exception>
    public void Finish(PurgeNote note) => _notes.TakeOff(NameOf(note.Deleted));

    private static PurgeNote Read(string path)
    {
        var lines = File.ReadAllText(path).Split('\n');
        if (!lines[0].StartsWith(Format, StringComparison.Ordinal) || !int.TryParse(lines[0].AsSpan(Format.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var version))
        {
            throw new IOException($"'{path}' is not the note of a purge: its first line is not '{Format}{FormatVersion}'. Remove it and repeat the deletion with its purge.");
        }

        if (version > FormatVersion) throw new IOException($"'{path}' has format {version}; this daemon reads up to {FormatVersion}. Start the newer one, or remove the file and repeat the deletion with its purge.");
        var deleted = new LogOffset(long.Parse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture));
        return new PurgeNote(deleted, lines[1..^1].ToImmutableHashSet(StringComparer.Ordinal));
    }

    private static string NameOf(LogOffset deleted) => deleted.Value.ToString("D20", CultureInfo.InvariantCulture);
}
