using System.Diagnostics;
using System.Globalization;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Benchmarks.Indexing;

/// <summary>
/// <c>index-open [ROWS] [DIMENSION]</c>: builds an index of random rows, saves it, and says how long opening it takes, mapped and verified, mapped
/// and not, and read into memory, beside reading the same file once. The file is in the page cache: a disk would only hide the difference.
/// </summary>
internal static class IndexOpenLoad
{
    private const int Rounds = 7;

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
            }

            Console.WriteLine($"built and saved in {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s: {new FileInfo(path).Length / 1e6:F0} MB");
            Report("read once", () => ReadOnce(path));
            Report("open, mapped and verified", () => HnswIndex.Open(path, table).Dispose());
            Report("open, mapped, verified later", () => HnswIndex.Open(path, table, new IndexOpenOptions { Verified = false }).Dispose());
            Report("open, read into memory and verified", () => HnswIndex.Open(path, table, new IndexOpenOptions { Mapped = false }).Dispose());
            return 0;
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void Report(string what, Action action)
    {
        var milliseconds = new double[Rounds];
        for (var round = 0; round < Rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            action();
            milliseconds[round] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        }

        Array.Sort(milliseconds);
        Console.WriteLine($"{what}: {milliseconds[Rounds / 2]:F0} ms ({milliseconds[0]:F0}..{milliseconds[^1]:F0})");
    }

    private static void ReadOnce(string path)
    {
        using var file = File.OpenHandle(path, options: FileOptions.SequentialScan);
        var block = new byte[1 << 20];
        long sum = 0;
        int read;
        for (long at = 0; (read = RandomAccess.Read(file, block, at)) > 0; at += read) sum += block[0] + block[read - 1];
        if (sum < 0) throw new InvalidOperationException("Not possible; keeps the reads.");
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
