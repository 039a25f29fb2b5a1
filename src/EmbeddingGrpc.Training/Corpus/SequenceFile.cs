namespace EmbeddingGrpc.Training;

/// <summary>
/// Reads a text file of sequences, one a line, items in time order separated by spaces or tabs, into a corpus. The file is read once, in
/// blocks; what stays in memory is the corpus.
/// </summary>
public static class SequenceFile
{
    private const int BlockBytes = 1 << 20;

    /// <summary>Reads a file.</summary>
    /// <param name="path">UTF-8; lines end with LF or CRLF; empty ones are skipped.</param>
    /// <param name="minimumCount">Rarer items are left out.</param>
    /// <param name="progress">Told the share of the file read, 0..1, on the calling thread.</param>
    /// <param name="cancellationToken">Checked between blocks.</param>
    /// <exception cref="InvalidDataException">An item is longer than 65535 bytes; names the line.</exception>
    public static TrainingCorpus Read(string path, int minimumCount, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        return Read(stream, path, minimumCount, progress, cancellationToken);
    }

    internal static TrainingCorpus Read(Stream stream, string path, int minimumCount, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var parser = new Parser(path);
        var buffer = new byte[BlockBytes];
        int kept = 0;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int read = stream.Read(buffer, kept, buffer.Length - kept);
            int used = parser.Parse(buffer.AsSpan(0, kept + read), isLast: read == 0);
            if (read == 0)
            {
                break;
            }

            // What is left is the beginning of an item.
            kept = kept + read - used;
            buffer.AsSpan(used, kept).CopyTo(buffer);
            if (stream.CanSeek && stream.Length > 0)
            {
                progress?.Report((double)stream.Position / stream.Length);
            }
        }

        var vocabulary = parser.Items.Build(minimumCount, out int[] ordinals);
        parser.Sessions.Renumber(ordinals, cancellationToken);
        return new TrainingCorpus(vocabulary, parser.Sessions);
    }

    private sealed class Parser(string path)
    {
        private readonly List<int> _session = [];
        private long _line = 1;

        public VocabularyBuilder Items { get; } = new();

        public SessionStore Sessions { get; } = new();

        /// <summary>Takes all whole items. Returns the bytes used.</summary>
        public int Parse(ReadOnlySpan<byte> bytes, bool isLast)
        {
            int at = 0;
            while (at < bytes.Length)
            {
                int length = bytes[at..].IndexOfAny("\n \t\r"u8);
                if (length < 0)
                {
                    length = bytes.Length - at;
                    if (!isLast && length <= IdTable.MaximumIdBytes)
                    {
                        break;
                    }
                }

                Take(bytes.Slice(at, length));
                at += length;
                if (at < bytes.Length && bytes[at++] == '\n')
                {
                    EndLine();
                }
            }

            if (isLast)
            {
                EndLine();
            }

            return at;
        }

        private void Take(ReadOnlySpan<byte> item)
        {
            if (item.Length > IdTable.MaximumIdBytes)
            {
                throw new InvalidDataException($"'{path}' line {_line}: an item of more than {IdTable.MaximumIdBytes} bytes. Is it a file of sequences, one a line?");
            }

            if (!item.IsEmpty)
            {
                _session.Add(Items.Add(item));
            }
        }

        private void EndLine()
        {
            Sessions.Add(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_session));
            _session.Clear();
            _line++;
        }
    }
}
