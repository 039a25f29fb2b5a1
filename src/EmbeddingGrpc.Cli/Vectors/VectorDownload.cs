using EmbeddingGrpc.Cli.CommandLine;

namespace EmbeddingGrpc.Cli.Vectors;

/// <summary>A file of vectors that appears only when it is complete.</summary>
internal static class VectorDownload
{
    /// <summary>What stands for standard output.</summary>
    public const string StandardOutput = "-";

    /// <summary>Lets a file be written, or standard output.</summary>
    /// <param name="path">Where to; an older file is replaced, and stays if the writing fails.</param>
    /// <param name="write">Writes and returns the bytes.</param>
    public static async Task<long> ToAsync(string path, Func<Stream, Task<long>> write)
    {
        if (path == StandardOutput)
        {
            await using var output = Console.OpenStandardOutput();
            return await write(output);
        }
        if (Directory.Exists(path)) throw new CommandFailedException($"{path} is a directory; name a file in it");
        var directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!Directory.Exists(directory)) throw new CommandFailedException($"there is no directory {directory}");
        var unfinished = $"{path}.{Guid.NewGuid():N}.part";
        try
        {
            long bytes;
            await using (var file = new FileStream(unfinished, FileMode.CreateNew, FileAccess.Write)) bytes = await write(file);
            File.Move(unfinished, path, overwrite: true);
            return bytes;
        }
        finally
        {
            File.Delete(unfinished);
        }
    }
}
