using System.Globalization;
using EmbeddingGrpc.Server.Models.Files;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>
/// The version of the data directory as a whole, in its file <c>format</c>: where which files lie, and how those are that carry no version themselves. Those of
/// a log, a checkpoint, a generation and a model do. Stateless.
/// </summary>
internal static class DataFormat
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "format";

    /// <summary>The version that this daemon writes and reads.</summary>
    public const int CurrentVersion = 1;

    private const string Prefix = "embeddinggrpc-data ";

    /// <summary>Checks the version, and writes it where there is none: directories from before it was written down are of version 1.</summary>
    /// <param name="directory">The data directory, held by this process.</param>
    /// <exception cref="DataDirectoryException">Another version of the daemon wrote it.</exception>
    public static void Check(string directory)
    {
        var path = Path.Combine(directory, FileName);
        if (!File.Exists(path))
        {
            new DurableFiles().Replace(path, stream => stream.Write(System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Prefix}{CurrentVersion}\n"))));
            return;
        }

        var text = File.ReadAllText(path).TrimEnd();
        if (!text.StartsWith(Prefix, StringComparison.Ordinal) || !int.TryParse(text.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var version))
            throw new DataDirectoryException($"'{path}' does not say which version of the daemon wrote the directory: it must be '{Prefix}N'. Restore it, or delete it if this version did.");
        if (version != CurrentVersion)
        {
            throw new DataDirectoryException(
                $"Data directory '{directory}' has format version {version}, as '{path}' says, and this daemon reads version {CurrentVersion}."
                + " Start the version of the daemon that wrote it, or restore a backup from before.");
        }
    }
}
