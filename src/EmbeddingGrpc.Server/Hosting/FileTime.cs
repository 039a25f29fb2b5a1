namespace EmbeddingGrpc.Server.Hosting;

/// <summary>When a file changed, through links: Kubernetes mounts ConfigMaps and Secrets as links to links, and swaps one in the middle.</summary>
internal static class FileTime
{
    /// <returns>The time of the file itself; a fixed one in the past while there is none.</returns>
    public static DateTime ChangedAt(string path)
    {
        if (path.Length == 0) return default;
        var file = new FileInfo(path);
        if (!file.Exists && file.LinkTarget is null) return default;
        return (file.ResolveLinkTarget(returnFinalTarget: true) ?? file).LastWriteTimeUtc;
    }
}
