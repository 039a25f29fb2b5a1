using System.Globalization;
using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Benchmarks.EventLog;

/// <summary>What <see cref="LogLoad"/> does, from <c>--name value</c> pairs.</summary>
internal sealed record LogLoadArguments
{
    public int Interactions { get; init; } = 5_000_000;

    public int Batch { get; init; } = 500;

    /// <summary>Batches that are sent before the first of them is acknowledged.</summary>
    public int InFlight { get; init; } = 64;

    /// <summary>Interactions sent each second; 0 for as fast as it goes.</summary>
    public int Rate { get; init; }

    public Durability Durability { get; init; } = Durability.Fsync;

    /// <summary>Where a directory is made for the run, and removed after it.</summary>
    public string Directory { get; init; } = Path.GetTempPath();

    public static LogLoadArguments Parse(string[] args)
    {
        var result = new LogLoadArguments();
        foreach (var pair in args.Chunk(2))
        {
            if (pair is not [var name, var value]) throw new ArgumentException($"{pair[0]} needs a value.");
            result = name switch
            {
                "--interactions" => result with { Interactions = Number(value) },
                "--batch" => result with { Batch = Number(value) },
                "--in-flight" => result with { InFlight = Number(value) },
                "--rate" => result with { Rate = Number(value) },
                "--durability" => result with { Durability = Enum.Parse<Durability>(value, ignoreCase: true) },
                "--directory" => result with { Directory = value },
                _ => throw new ArgumentException($"{name} is none of --interactions, --batch, --in-flight, --rate, --durability, --directory."),
            };
        }
        return result;
    }

    private static int Number(string value) => int.Parse(value, CultureInfo.InvariantCulture);
}
