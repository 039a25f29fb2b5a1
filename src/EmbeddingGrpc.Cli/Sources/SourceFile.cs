using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace EmbeddingGrpc.Cli.Sources;

/// <summary>A file of behaviour or of items, or standard input: what it is, who produces it, how far it was read.</summary>
internal sealed class SourceFile : IDisposable
{
    /// <summary>Stands for standard input.</summary>
    public const string StandardInput = "-";

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Stream _stream;

    private SourceFile(Stream stream, string name, long? lengthBytes, DateTimeOffset lastWrite, string? fingerprint)
    {
        _stream = stream;
        Name = name;
        LengthBytes = lengthBytes;
        LastWrite = lastWrite;
        Fingerprint = fingerprint;
    }

    /// <summary>The file's name, for messages.</summary>
    public string Name { get; }

    /// <summary>Null where it is not known: standard input.</summary>
    public long? LengthBytes { get; }

    /// <summary>When the file was written last; now for standard input.</summary>
    public DateTimeOffset LastWrite { get; }

    /// <summary>16 hexadecimal digits of the whole content; null for standard input, which can be read only once.</summary>
    public string? Fingerprint { get; }

    /// <summary>How much was read so far.</summary>
    public long PositionBytes => LengthBytes is null ? 0 : _stream.Position;

    /// <summary>Opens a file, or standard input for <see cref="StandardInput"/>, and takes its fingerprint.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static SourceFile Open(string path, TimeProvider time)
    {
        if (path == StandardInput) return new SourceFile(Console.OpenStandardInput(), "standard input", null, time.GetUtcNow(), null);
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 1, FileOptions.SequentialScan);
        // All of it: two exports may begin alike, and what is taken for known is never sent.
        var hash = new XxHash3();
        hash.Append(stream);
        stream.Position = 0;
        var fingerprint = hash.GetCurrentHashAsUInt64().ToString("x16", CultureInfo.InvariantCulture);
        return new SourceFile(stream, path, stream.Length, File.GetLastWriteTimeUtc(path), fingerprint);
    }

    /// <summary>Reads it as interactions. Once; the source takes the file's text with it.</summary>
    /// <param name="format">Its layout.</param>
    /// <param name="mapping">The columns of CSV formats.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="SourceFormatException">It is not of that format.</exception>
    public IInteractionSource Read(SourceFormat format, CsvMapping? mapping, TimeProvider time)
    {
        var text = OpenText();
        switch (format)
        {
            case SourceFormat.Movielens or SourceFormat.Csv:
                return new CsvSource(text, Name, mapping ?? throw new ArgumentNullException(nameof(mapping)));
            default:
                // A file from the future would be refused line by line; one with no time of its own is as of now.
                var now = time.GetUtcNow();
                var endTime = LastWrite < now && LastWrite > DateTimeOffset.UnixEpoch.AddYears(30) ? LastWrite : now;
                // Another file's first session is another session.
                var userPrefix = format == SourceFormat.Sessions ? $"session-{Fingerprint ?? Guid.NewGuid().ToString("N")[..16]}-" : null;
                return new SequenceSource(new LineReader(text, Name), endTime, userPrefix);
        }
    }

    /// <summary>Reads it as text. Once; disposing the reader closes the file. What is no UTF-8 is a <see cref="DecoderFallbackException"/>.</summary>
    public StreamReader OpenText() => new(_stream, StrictUtf8, detectEncodingFromByteOrderMarks: true, bufferSize: 256 * 1024);

    public void Dispose() => _stream.Dispose();
}
