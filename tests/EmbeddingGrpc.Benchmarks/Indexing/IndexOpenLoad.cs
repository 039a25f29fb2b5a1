using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using Microsoft.Win32.SafeHandles;

namespace EmbeddingGrpc.Benchmarks.Indexing;

/// <summary>
/// <c>index-open [ROWS] [DIMENSION]</c>: builds an index of random rows, saves it, and says how long opening it takes, mapped and verified, mapped
/// and not, and read into memory, beside reading the same file once: with the file in the page cache, where nothing hides the difference, and with the
/// cache dropped before each round (on Linux), where the disk decides.
/// </summary>
internal static partial class IndexOpenLoad
{
    private const int Rounds = 31;
    private const int Advise_DoNotNeed = 4;

    public static int Run(string[] args)
    {
        var rows = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1_000_000;
        var dimension = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 64;
        var path = Path.Combine(Path.GetTempPath(), $"index-open-{Environment.ProcessId}");
        try
        {
            using var table = RandomRows(rows, dimension);
            var started = Stopwatch.GetTimestamp();
            // A quick build: what is opened has the same size.
            using (var index = HnswIndex.Build(table, SimilarityMetric.Cosine, new HnswOptions { EfConstruction = 32 }))
            using (var stream = File.Create(path))
            {
                index.Save(stream);
                // Only what is on the disk can be dropped from the cache.
                stream.Flush(flushToDisk: true);
            }

            Console.WriteLine($"built and saved in {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s: {new FileInfo(path).Length / 1e6:F0} MB");
            ReportAll(path, table, isCold: false);
            if (OperatingSystem.IsLinux()) ReportAll(path, table, isCold: true);
            return 0;
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void ReportAll(string path, VectorTable table, bool isCold)
    {
        (string What, Func<IDisposable?> Run)[] actions =
        [
            ("read once", () => ReadOnce(path, threads: 1)),
            ("read once by two threads", () => ReadOnce(path, threads: 2)),
            ("open, mapped and verified", () => HnswIndex.Open(path, table)),
            ("open, mapped, verified later", () => HnswIndex.Open(path, table, new IndexOpenOptions { Verified = false })),
            ("open, read into memory and verified", () => HnswIndex.Open(path, table, new IndexOpenOptions { Mapped = false })),
        ];
        // One after the other in every round: what else the machine does then meets all of them.
        var milliseconds = Array.ConvertAll(actions, _ => new double[Rounds]);
        for (var round = 0; round < Rounds; round++)
        {
            for (var i = 0; i < actions.Length; i++)
            {
                if (isCold) DropFromCache(path);
                var started = Stopwatch.GetTimestamp();
                var opened = actions[i].Run();
                milliseconds[i][round] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
                // What it takes to close is not what it takes to open.
                opened?.Dispose();
            }
        }

        // The first round is a process's first, when nothing is compiled well.
        var first = Array.ConvertAll(milliseconds, times => times[0]);
        foreach (var times in milliseconds) Array.Sort(times);
        for (var i = 0; i < actions.Length; i++)
        {
            var times = milliseconds[i];
            var median = times[Rounds / 2];
            Console.WriteLine(
                $"{(isCold ? "cold" : "warm")}, {actions[i].What}: {median:F1} ms ({times[0]:F1}..{times[^1]:F1}, first {first[i]:F1}), "
                + $"{median / milliseconds[0][Rounds / 2]:F2} of reading once, {median / milliseconds[1][Rounds / 2]:F2} of that by two threads");
        }
    }

    private static void DropFromCache(string path)
    {
        using var file = File.OpenHandle(path);
        var error = Advise((int)file.DangerousGetHandle(), 0, 0, Advise_DoNotNeed);
        if (error != 0) throw new InvalidOperationException($"The system did not drop {path} from its cache (error {error}).");
    }

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(int file, long offset, long length, int advice);

    /// <summary>Reads the file by so many threads, each a stretch of its own, into memory that stays in the cache.</summary>
    private static IDisposable? ReadOnce(string path, int threads)
    {
        using var file = File.OpenHandle(path, options: FileOptions.SequentialScan);
        var share = (RandomAccess.GetLength(file) + threads - 1) / threads;
        var readers = Enumerable.Range(1, threads - 1).Select(reader => Task.Run(() => Read(file, reader * share, share))).ToArray();
        Read(file, 0, share);
        Task.WaitAll(readers);
        return null;
    }

    private static void Read(SafeFileHandle file, long at, long length)
    {
        var block = new byte[1 << 20];
        var end = at + length;
        int read;
        while (at < end && (read = RandomAccess.Read(file, block.AsSpan(0, (int)Math.Min(block.Length, end - at)), at)) > 0) at += read;
    }

    private static VectorTable RandomRows(int rows, int dimension)
    {
        var random = new Random(1);
        var matrix = new EmbeddingMatrix(rows, dimension);
        for (var row = 0; row < rows; row++)
        {
            foreach (ref var value in matrix[new ItemOrdinal(row)]) value = random.NextSingle() - 0.5f;
        }

        return VectorTable.FromMatrix(matrix);
    }
}
