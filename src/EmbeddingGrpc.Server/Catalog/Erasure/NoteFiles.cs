using EmbeddingGrpc.Server.Models.Files;

namespace EmbeddingGrpc.Server.Catalog.Erasure;

/// <summary>
/// Notes of what is under way: a file each, written durably before anything is done and taken off when all is done, so that what a crash interrupts is
/// found at the next start. Any number of threads; one at a time for each note.
/// </summary>
/// <param name="directory">Theirs; made with the first note.</param>
/// <param name="files">Writes them.</param>
internal sealed class NoteFiles(string directory, DurableFiles files)
{
    /// <summary>Where a note is.</summary>
    public string PathOf(string name) => Path.Combine(directory, name);

    /// <summary>Names of the notes that are there, in order.</summary>
    /// <param name="isNote">Tells them by their names from other files of the directory.</param>
    public IReadOnlyList<string> Names(Func<string, bool> isNote) =>
        Directory.Exists(directory) ? [.. Directory.EnumerateFiles(directory).Select(path => Path.GetFileName(path)).Where(isNote).Order(StringComparer.Ordinal)] : [];

    /// <summary>Writes a note, or a file of the directory that is none.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public void Write(string name, byte[] content)
    {
        files.CreateDirectory(directory);
        files.Replace(PathOf(name), stream => stream.Write(content));
    }

    /// <summary>Takes a note off.</summary>
    /// <exception cref="IOException">The disk refused; what it notes is done again at the next start, which is harmless.</exception>
    public void TakeOff(string name)
    {
        File.Delete(PathOf(name));
        files.SyncDirectory(directory);
    }
}
