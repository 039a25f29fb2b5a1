using System.Text;

namespace EmbeddingGrpc.Server.Tests.Catalog.Erasure;

/// <summary>Looks at every byte of every file below a directory.</summary>
internal static class DirectoryScan
{
    /// <summary>
    /// Files that hold a text in UTF-8 or UTF-16, or are named by it; relative to the directory. A running daemon's lock files cannot be opened:
    /// they are looked at when it has stopped.
    /// </summary>
    public static IReadOnlyList<string> FilesWith(string directory, string text) =>
    [
        .. Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories)
            .Where(path => !IsLocked(path))
            .Where(path => path.Contains(text, StringComparison.Ordinal) || Holds(path, Encoding.UTF8.GetBytes(text)) || Holds(path, Encoding.Unicode.GetBytes(text)))
            .Select(path => Path.GetRelativePath(directory, path))
            .Order(StringComparer.Ordinal),
    ];

    private static bool IsLocked(string path)
    {
        if (!path.EndsWith("lock", StringComparison.Ordinal)) return false;
        try
        {
            using var file = File.OpenRead(path);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static bool Holds(string path, byte[] bytes)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var content = new MemoryStream();
        file.CopyTo(content);
        return content.GetBuffer().AsSpan(0, (int)content.Length).IndexOf(bytes) >= 0;
    }
}
