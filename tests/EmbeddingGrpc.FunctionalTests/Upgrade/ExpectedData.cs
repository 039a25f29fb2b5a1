namespace EmbeddingGrpc.FunctionalTests.Upgrade;

/// <summary>What the daemon that wrote a kept data directory said of it: every later one must say the same.</summary>
internal sealed record ExpectedData
{
    public required ulong DurableOffset { get; init; }

    public required ulong Users { get; init; }

    /// <summary>The highest number of producer <see cref="KeptData.Producer"/>.</summary>
    public required ulong Sequence { get; init; }

    /// <summary>Ids, newest first.</summary>
    public required IReadOnlyList<string> Generations { get; init; }

    public required string Serving { get; init; }

    /// <summary>By item: its vector in the serving generation.</summary>
    public required SortedDictionary<string, float[]> Vectors { get; init; }

    /// <summary>By item of the catalogue: its attributes as JSON.</summary>
    public required SortedDictionary<string, string> Catalogue { get; init; }

    /// <summary>Who was answered from a history, and what the first answer was.</summary>
    public required SortedDictionary<string, string> FirstAnswers { get; init; }

    /// <summary>Options of the model that is fed by the default one.</summary>
    public required string FedDimension { get; init; }
}
