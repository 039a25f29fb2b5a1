using System.IO.Hashing;

namespace EmbeddingGrpc.Server.Models.Files;

/// <summary>One file of a generation as its manifest knows it.</summary>
/// <param name="Name">File name within the directory.</param>
/// <param name="SizeBytes">Its length.</param>
/// <param name="Checksum">XXH3 of its bytes: 16 hexadecimal digits.</param>
internal sealed record ManifestFile(string Name, long SizeBytes, string Checksum)
{
    /// <summary>Describes a file that was just written, by reading it back.</summary>
    public static ManifestFile Describe(string path)
    {
        using var stream = Open(path);
        return new(Path.GetFileName(path), stream.Length, ChecksumOf(stream));
    }

    /// <summary>Checks that the file in <paramref name="directory"/> is the one described.</summary>
    /// <exception cref="GenerationFileException">Absent, unreadable, of another length, or damaged; says which.</exception>
    public void Verify(string directory)
    {
        var path = Path.Combine(directory, Name);
        try
        {
            using var stream = Open(path);
            if (stream.Length != SizeBytes) throw new GenerationFileException(path, $"it has {stream.Length} bytes where the manifest says {SizeBytes}.");
            var found = ChecksumOf(stream);
            if (found != Checksum) throw new GenerationFileException(path, $"its checksum is {found} where the manifest says {Checksum}: the file is damaged.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GenerationFileException(path, e.Message, e);
        }
    }

    private static FileStream Open(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1, FileOptions.SequentialScan);

    private static string ChecksumOf(FileStream stream)
    {
        var hash = new XxHash3();
        hash.Append(stream);
        return GenerationInfo.TextOf(hash.GetCurrentHashAsUInt64());
    }
}
